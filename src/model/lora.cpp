#include "model/lora.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace msst::model {
namespace {

using graph::Shape;

constexpr int64_t kMaxRank = 65'536;
constexpr const char* kA = ".lora_A";
constexpr const char* kB = ".lora_B";

struct Settings {
    int64_t rank = 0;
    double scale = 0;           // lora_alpha / r
    std::vector<bool> enabled;  // per part of the rows
};

std::vector<bool> read_enabled(const ConfigSection& lora) {
    if (!lora.has("enable_lora")) return {true};
    std::vector<bool> enabled;
    for (const std::string& text : lora.texts("enable_lora"))
        enabled.push_back(to_lower_ascii(text) == "true");
    if (std::ranges::count(enabled, true) == 0)
        throw Error(ErrorCode::invalid_input, "'lora.enable_lora' in the configuration enables nothing");
    return enabled;
}

Settings read_settings(const ConfigSection& lora) {
    if (!lora.has("r") || !lora.has("lora_alpha"))
        throw Error(ErrorCode::invalid_input,
                    "the checkpoint holds LoRA weights, the configuration has no section 'lora' with r and "
                    "lora_alpha");
    const int64_t rank = lora.integer("r");
    if (rank < 1 || rank > kMaxRank)
        throw Error(ErrorCode::invalid_input, "'lora.r' in the configuration is " + std::to_string(rank) +
                                                  "; it must lie between 1 and " + std::to_string(kMaxRank));
    return {rank, lora.number("lora_alpha") / static_cast<double>(rank), read_enabled(lora)};
}

class LoraWeights final : public Weights {
public:
    LoraWeights(std::shared_ptr<const Weights> below, const Settings& settings)
        : below_(std::move(below)), settings_(settings) {
        for (const std::string& name : below_->names()) {
            if (!is_addition(name)) names_.push_back(name);
            if (name.ends_with(kA)) add_path(name.substr(0, name.size() - std::string(kA).size()));
            if (name.ends_with(kB))
                check_there(name, name.substr(0, name.size() - std::string(kB).size()) + kA);
        }
    }

    std::optional<Shape> find(const std::string& name) const override {
        return is_addition(name) ? std::nullopt : below_->find(name);
    }

    std::vector<std::string> names() const override { return names_; }

    void fill(const std::string& name, const Shape& shape, std::span<float> out) const override {
        below_->fill(name, shape, out);
        const auto path = paths_.find(name);
        if (path != paths_.end()) add_products(path->second, shape, out);
    }

    static bool is_addition(const std::string& name) { return name.ends_with(kA) || name.ends_with(kB); }

private:
    void add_path(const std::string& path) {
        const std::string weight = path + ".weight";
        check_there(path + kA, path + kB);
        check_there(path + kA, weight);
        const Shape whole = *below_->find(weight);
        if (whole.size() != 2)
            throw Error(ErrorCode::invalid_input, "'" + clean_text(weight, 200) +
                                                      "' has LoRA weights and is " + graph::to_string(whole) +
                                                      ", no matrix");
        const auto parts = static_cast<int64_t>(settings_.enabled.size());
        const int64_t groups = std::ranges::count(settings_.enabled, true);
        check_shape(path + kA, {groups * settings_.rank, whole[1]});
        check_shape(path + kB, {whole[0] / parts * groups, settings_.rank});
        paths_.emplace(weight, path);
    }

    void check_there(const std::string& name, const std::string& partner) const {
        if (!below_->find(partner))
            throw Error(ErrorCode::invalid_input, "the checkpoint has '" + clean_text(name, 200) +
                                                      "' but not '" + clean_text(partner, 200) + "'");
    }

    void check_shape(const std::string& name, const Shape& wanted) const {
        const Shape stored = *below_->find(name);
        if (stored != wanted)
            throw Error(ErrorCode::invalid_input, "weight '" + clean_text(name, 200) + "' is " +
                                                      graph::to_string(stored) + ", a LoRA of rank " +
                                                      std::to_string(settings_.rank) + " needs " +
                                                      graph::to_string(wanted));
    }

    std::vector<float> read(const std::string& name) const {
        const Shape shape = *below_->find(name);
        std::vector<float> values(graph::elements(shape));
        below_->fill(name, shape, values);
        return values;
    }

    // out [rows, in] += scale * B A, each enabled part of the rows with its own group of both.
    void add_products(const std::string& path, const Shape& shape, std::span<float> out) const {
        const std::vector<float> a = read(path + kA);
        const std::vector<float> b = read(path + kB);
        const int64_t rank = settings_.rank;
        const int64_t in = shape[1];
        const int64_t part_rows = shape[0] / static_cast<int64_t>(settings_.enabled.size());
        int64_t group = 0;
        for (size_t part = 0; part < settings_.enabled.size(); ++part) {
            if (!settings_.enabled[part]) continue;
            for (int64_t row = 0; row < part_rows; ++row) {
                float* y = out.data() + (static_cast<int64_t>(part) * part_rows + row) * in;
                for (int64_t k = 0; k < rank; ++k) {
                    const double factor = settings_.scale * b[(group * part_rows + row) * rank + k];
                    const float* x = a.data() + (group * rank + k) * in;
                    for (int64_t i = 0; i < in; ++i) y[i] = static_cast<float>(y[i] + factor * x[i]);
                }
            }
            ++group;
        }
    }

    std::shared_ptr<const Weights> below_;
    Settings settings_;
    std::vector<std::string> names_;
    std::map<std::string, std::string> paths_;  // weight -> path
};

}  // namespace

std::shared_ptr<const Weights> merge_lora(std::shared_ptr<const Weights> weights, const ConfigSection& lora) {
    if (std::ranges::none_of(weights->names(), LoraWeights::is_addition)) return weights;
    return std::make_shared<LoraWeights>(std::move(weights), read_settings(lora));
}

}  // namespace msst::model
