#include "model/network.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "model/bs_roformer.h"
#include "model/htdemucs.h"
#include "model/lora.h"
#include "model/mdx23c.h"
#include "model/mel_band_roformer.h"

namespace msst::model {
namespace {

constexpr size_t kNamesShown = 5;

using Build = Network (*)(const ModelConfig&, WeightReader&, const NetworkOptions&);

struct Architecture {
    const char* name;
    Build build;
};

constexpr std::array kArchitectures = {
    Architecture{"bs_roformer", build_bs_roformer},
    Architecture{"htdemucs", build_htdemucs},
    Architecture{"mdx23c", build_mdx23c},
    Architecture{"mel_band_roformer", build_mel_band_roformer},
};

std::string first_of(const std::vector<std::string>& names) {
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
        text += (i ? ", " : "") + clean_text(names[i], 100);
    return names.size() > kNamesShown ? text + ", …" : text;
}

void refuse_unused(const WeightReader& weights, WeightFaults* faults) {
    const std::vector<std::string> unused = weights.unused();
    if (unused.empty()) return;
    if (faults) return faults->unused(unused);
    throw Error(ErrorCode::invalid_input, "the checkpoint holds " + std::to_string(unused.size()) +
                                              " weights that this network does not use: " + first_of(unused));
}

}  // namespace

std::vector<std::string> supported_architectures() {
    std::vector<std::string> names;
    for (const Architecture& architecture : kArchitectures) names.emplace_back(architecture.name);
    return names;
}

Network build_network(const std::string& architecture, const ModelConfig& config,
                      const std::shared_ptr<const Weights>& weights, const NetworkOptions& options) {
    if (architecture == "experimental_mdx23c_stht")
        throw Error(ErrorCode::invalid_input,
                    "networks of type 'experimental_mdx23c_stht' (MDX23C on a short-time Hartley transform) are "
                    "not supported");
    const auto found = std::ranges::find(kArchitectures, architecture, &Architecture::name);
    if (found == kArchitectures.end())
        throw Error(ErrorCode::invalid_input,
                    "networks of type '" + clean_text(architecture, 60) + "' are not supported",
                    "unsupported_model");
    WeightReader reader(merge_lora(weights, config.root.section("lora")), options.faults);
    Network network = found->build(config, reader, options);
    refuse_unused(reader, options.faults);
    const std::vector<std::string> unread = config.model.unread_keys();
    if (!unread.empty())
        network.warnings.push_back("keys under model: that mean nothing here: " + first_of(unread));
    return network;
}

}  // namespace msst::model
