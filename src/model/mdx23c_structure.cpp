#include "model/mdx23c_structure.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "model/limited.h"

namespace msst::model {
namespace {

using graph::Activation;
using graph::Shape;

constexpr int64_t kMaxMdx23cWidth = 16'384;
constexpr int64_t kMaxScales = 16;
constexpr int64_t kMaxMdx23cCount = 256;

[[noreturn]] void refuse_mdx23c(const std::string& problem) {
    throw Error(ErrorCode::invalid_input, problem);
}

// The number behind a name, as in elu1.0 or GroupNorm4.
double number_behind(const std::string& text, const std::string& name, const char* key) {
    const std::string digits = text.substr(name.size());
    char* end = nullptr;
    const double number = std::strtod(digits.c_str(), &end);
    if (digits.empty() || *end != '\0' || !std::isfinite(number) || number <= 0)
        refuse_mdx23c(std::string("'model.") + key + "' in the configuration is '" + clean_text(text, 40) +
                      "'; a number above 0 must follow " + name);
    return number;
}

Activation read_activation(const ConfigSection& model) {
    const std::string text = model.text("act");
    if (text == "gelu") return Activation::gelu;
    if (text == "relu") return Activation::relu;
    if (text.starts_with("elu"))
        return {Activation::elu, static_cast<float>(number_behind(text, "elu", "act"))};
    refuse_mdx23c("'model.act' in the configuration is '" + clean_text(text, 40) +
                  "'; it must be gelu, relu or elu with a number");
}

void read_norm(Mdx23cStructure& s, const ConfigSection& model) {
    const std::string text = model.text("norm", "");
    if (text == "BatchNorm") {
        s.norm = Mdx23cStructure::Norm::batch;
    } else if (text == "InstanceNorm") {
        s.norm = Mdx23cStructure::Norm::group;
    } else if (text.starts_with("GroupNorm")) {
        s.norm = Mdx23cStructure::Norm::group;
        s.norm_groups = static_cast<int64_t>(number_behind(text, "GroupNorm", "norm"));
    }
}

void read_front_end(Mdx23cStructure& s, const ModelConfig& config) {
    const ConfigSection& audio = config.audio;
    s.frame.n_fft = limited("audio.n_fft", audio.integer("n_fft"), 16, kMaxFftSize);
    s.frame.hop = limited("audio.hop_length", audio.integer("hop_length"), 1, s.frame.n_fft);
    s.frame.window_length = s.frame.n_fft;
    if (s.frame.n_fft % 2 != 0) refuse_mdx23c("'audio.n_fft' in the configuration is odd");
    s.bins = limited("audio.dim_f", audio.integer("dim_f", s.frame.n_fft / 2), 1, s.frame.bins());
    s.channels = config.channels.value_or(2);
    if (!config.chunk_frames) refuse_mdx23c("'audio.chunk_size' in the configuration is missing");
    s.chunk_frames = *config.chunk_frames;
}

void read_layers(Mdx23cStructure& s, const ModelConfig& config) {
    const ConfigSection& model = config.model;
    s.bands = limited("model.num_subbands", model.integer("num_subbands", 1), 1, kMaxMdx23cCount);
    s.scales = limited("model.num_scales", model.integer("num_scales"), 1, kMaxScales);
    s.blocks =
        limited("model.num_blocks_per_scale", model.integer("num_blocks_per_scale"), 1, kMaxMdx23cCount);
    s.width = limited("model.num_channels", model.integer("num_channels"), 1, kMaxMdx23cWidth);
    s.growth = limited("model.growth", model.integer("growth"), 0, kMaxMdx23cWidth);
    s.bottleneck = limited("model.bottleneck_factor", model.integer("bottleneck_factor"), 1, kMaxMdx23cWidth);
    if (model.has("scale")) {
        const std::vector<int64_t> scale = model.integers("scale");
        if (scale.size() != 2)
            refuse_mdx23c("'model.scale' in the configuration has " + std::to_string(scale.size()) +
                          " numbers, it must have 2");
        s.scale = {limited("model.scale", scale[0], 1, 64), limited("model.scale", scale[1], 1, 64)};
    }
    s.activation = read_activation(model);
    read_norm(s, model);
    s.stems = config.target ? 1 : std::ssize(config.instruments);
}

// Replaces what the configuration says by what the weights say.
class Mdx23cBeliever {
public:
    Mdx23cBeliever(Mdx23cStructure& structure, const WeightReader& weights)
        : structure_(structure), weights_(weights) {}

    void believe() {
        const Shape first = shape_of("first_conv.weight", 2);
        const Shape last = shape_of("final_conv.2.weight", 2);
        const Shape down = shape_of("encoder_blocks.0.downscale.conv.2.weight", 4);
        const Shape middle = shape_of("encoder_blocks.0.tfc_tdf.blocks.0.tdf.2.weight", 2);
        if (first[1] % (2 * structure_.channels) != 0)
            refuse_mdx23c("weight 'first_conv.weight' takes " + std::to_string(first[1]) +
                          " channels, which is no multiple of " + std::to_string(2 * structure_.channels));
        set("num_channels", structure_.width, first[0]);
        set("num_subbands", structure_.bands, first[1] / (2 * structure_.channels));
        set("num_scales", structure_.scales, count("encoder_blocks.", ".downscale.conv.2.weight"));
        set("num_blocks_per_scale", structure_.blocks,
            count("encoder_blocks.0.tfc_tdf.blocks.", ".tfc1.2.weight"));
        set("growth", structure_.growth, down[0] - structure_.width);
        set("scale of time", structure_.scale[0], down[2]);
        set("scale of frequency", structure_.scale[1], down[3]);
        set("dim_f", structure_.bins, middle[1] * structure_.bands);
        if (structure_.bottleneck < 1 || middle[1] / structure_.bottleneck != middle[0])
            set("bottleneck_factor", structure_.bottleneck, middle[1] / middle[0]);
        set("stems", structure_.stems, last[0] / structure_.spectrum_channels());
        believe_norm();
    }

private:
    Shape shape_of(const std::string& name, size_t axes) const {
        const auto shape = weights_.shape(name);
        if (!shape || shape->size() < axes)
            refuse_mdx23c("the checkpoint is not that of an MDX23C network: it has no weight '" + name +
                          "' with " + std::to_string(axes) + " axes");
        for (const int64_t size : *shape)
            if (size < 1) refuse_mdx23c("weight '" + name + "' is empty");
        return *shape;
    }

    int64_t count(const std::string& prefix, const std::string& suffix) const {
        int64_t number = 0;
        while (number < kMaxMdx23cCount && weights_.has(prefix + std::to_string(number) + suffix)) ++number;
        return number;
    }

    void set(const std::string& what, int64_t& said, int64_t stored) {
        if (said == stored) return;
        structure_.warnings.push_back(what + ": the configuration says " + std::to_string(said) +
                                      ", the weights say " + std::to_string(stored) + " and are believed");
        said = stored;
    }

    void believe_norm() {
        using Norm = Mdx23cStructure::Norm;
        const std::string norm = "encoder_blocks.0.tfc_tdf.blocks.0.tfc1.0.";
        const Norm stored = weights_.has(norm + "running_mean") ? Norm::batch
                            : weights_.has(norm + "weight")     ? Norm::group
                                                                : Norm::none;
        if (stored == structure_.norm) return;
        static constexpr const char* kNames[] = {"no norm", "BatchNorm", "InstanceNorm"};
        structure_.warnings.push_back(std::string("norm: the weights are those of a network with ") +
                                      kNames[static_cast<int>(stored)] + " and are believed");
        structure_.norm = stored;
        structure_.norm_groups = 0;
    }

    Mdx23cStructure& structure_;
    const WeightReader& weights_;
};

void check_chunk(const Mdx23cStructure& s) {
    if (s.chunk_frames <= s.frame.n_fft / 2)
        refuse_mdx23c("a chunk has " + std::to_string(s.chunk_frames) +
                      " samples, it must have more than half of the " + std::to_string(s.frame.n_fft) +
                      " of a Fourier transform");
    if (s.chunk_frames % s.frame.hop != 0)
        refuse_mdx23c("a chunk has " + std::to_string(s.chunk_frames) +
                      " samples, which is no multiple of the hop of " + std::to_string(s.frame.hop));
    const auto steps = static_cast<int64_t>(std::pow(s.scale[0], s.scales));
    if (s.time_steps() % steps != 0)
        refuse_mdx23c("a chunk of " + std::to_string(s.chunk_frames) + " samples has " +
                      std::to_string(s.time_steps()) + " time steps, which is no multiple of " +
                      std::to_string(steps) + " (" + std::to_string(s.scales) + " scales of " +
                      std::to_string(s.scale[0]) + ")");
}

void check_bins(const Mdx23cStructure& s) {
    if (s.bins < 1 || s.bins > s.frame.bins())
        refuse_mdx23c("the network has " + std::to_string(s.bins) + " bins, the spectrum has " +
                      std::to_string(s.frame.bins()));
    if (s.bins % s.bands != 0)
        refuse_mdx23c("the " + std::to_string(s.bins) + " bins are no multiple of the " +
                      std::to_string(s.bands) + " sub-bands");
    const int64_t bins = s.bins / s.bands;
    const auto divisor = static_cast<int64_t>(std::pow(s.scale[1], s.scales));
    if (bins % divisor != 0)
        refuse_mdx23c("a sub-band has " + std::to_string(bins) + " bins, which is no multiple of " +
                      std::to_string(divisor) + " (" + std::to_string(s.scales) + " scales of " +
                      std::to_string(s.scale[1]) + ")");
    if (bins / divisor / s.bottleneck < 1)
        refuse_mdx23c("bottleneck_factor is " + std::to_string(s.bottleneck) + ", the smallest scale has " +
                      std::to_string(bins / divisor) + " bins");
}

// Sizes of all scales' channels stay far from overflow whatever the weights say.
void check_sizes(const Mdx23cStructure& s) {
    limited("model.num_scales", s.scales, 1, kMaxScales);
    limited("model.num_channels", s.width, 1, kMaxMdx23cWidth);
    limited("model.growth", s.growth, 0, kMaxMdx23cWidth);
    limited("model.scale", std::max(s.scale[0], s.scale[1]), 1, 64);
    limited("model.num_blocks_per_scale", s.blocks, 1, kMaxMdx23cCount);
    limited("the number of stems", s.stems, 1, kMaxMdx23cCount);
    if (s.norm != Mdx23cStructure::Norm::group || s.norm_groups == 0) return;
    for (int64_t scale = 0; scale <= s.scales; ++scale)
        if (const int64_t width = s.width + scale * s.growth; width % s.norm_groups != 0)
            refuse_mdx23c("a norm of " + std::to_string(width) + " channels cannot have " +
                          std::to_string(s.norm_groups) + " groups");
}

}  // namespace

Mdx23cStructure read_mdx23c_structure(const ModelConfig& config, const WeightReader& weights) {
    Mdx23cStructure structure;
    read_front_end(structure, config);
    read_layers(structure, config);
    if (!weights.is_made_up()) Mdx23cBeliever(structure, weights).believe();
    check_sizes(structure);
    check_chunk(structure);
    check_bins(structure);
    return structure;
}

}  // namespace msst::model
