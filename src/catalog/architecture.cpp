#include "catalog/architecture.h"

#include <array>
#include <string_view>

#include "base/text.h"

namespace msst::catalog {
namespace {

using yaml::Node;

// Key(s) under `model` that only one family has. The first row that fits counts, so the special come first.
struct Sign {
    std::string_view first;
    std::string_view second;  // empty: the first is enough
    std::string_view architecture;
};

constexpr std::array kSigns = {
    Sign{"freqs_per_bands", "time_conformer_depth", "bs_conformer"},
    Sign{"num_bands", "time_conformer_depth", "mel_band_conformer"},
    Sign{"freqs_per_bands", "", "bs_roformer"},
    Sign{"num_bands", "stft_n_fft", "mel_band_roformer"},
    Sign{"num_bands", "dim_freqs_in", "mel_band_roformer"},
    Sign{"num_scales", "bottleneck_factor", "mdx23c"},
    Sign{"tran_depth", "", "scnet_tran"},
    Sign{"tran_heads", "", "scnet_tran"},
    Sign{"band_SR", "band_stride", "scnet"},
    Sign{"feature_dim", "win", "apollo"},
    Sign{"band_specs", "", "bandit"},
    Sign{"decoder_unet", "", "segm_models"},
};

// The type `htdemucs` picks among three networks by the word after `model:`.
bool is_demucs(const std::string& word) {
    return word == "htdemucs" || word == "hdemucs" || word == "demucs";
}

std::string by_keys(const Node& model) {
    for (const Sign& sign : kSigns)
        if (model.find(sign.first) && (sign.second.empty() || model.find(sign.second)))
            return std::string(sign.architecture);
    return {};
}

}  // namespace

std::string stated_architecture(const Node& root) {
    const Node* training = root.find("training");
    const Node* said = training ? training->find("model_type") : nullptr;
    if (!said || !said->is_scalar() || said->is_null()) return "";
    return clean_text(trim(said->text), /*max_bytes=*/64);
}

std::string find_architecture(const Node& root) {
    if (std::string stated = stated_architecture(root); !stated.empty()) return stated;
    const Node* model = root.find("model");
    if (!model) return root.find("kwargs") ? "bandit_v2" : "";
    if (model->is_scalar()) return is_demucs(to_lower_ascii(trim(model->text))) ? "htdemucs" : "";
    return by_keys(*model);
}

}  // namespace msst::catalog
