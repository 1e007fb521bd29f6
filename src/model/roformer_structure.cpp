#include "model/roformer_structure.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "model/limited.h"

namespace msst::model {
namespace {

constexpr int64_t kFeedForwardFactor = 4;
constexpr int64_t kMaxFactor = 64;  // of widths within a layer

// Settings of training, or of kernels that compute the same.
const std::vector<std::string> kIrrelevantRoformerKeys = {"attn_dropout",
                                                          "ff_dropout",
                                                          "flash_attn",
                                                          "sage_attention",
                                                          "use_torch_checkpoint",
                                                          "dim_freqs_in",
                                                          "multi_stft_resolution_loss_weight",
                                                          "multi_stft_resolutions_window_sizes",
                                                          "multi_stft_hop_size",
                                                          "multi_stft_normalized",
                                                          "match_input_audio_length",
                                                          "use_shared_bias",
                                                          "residual_value",
                                                          "siamese",
                                                          "dropout"};

struct Variant {
    const char* marker;  // part of a weight's name
    const char* name;
};

constexpr std::array kUnsupported = {
    Variant{".segm.", "HyperACE"},
    Variant{"fno_blocks", "FNO mask heads"},
    Variant{"static_alpha", "hyper-connections (experimental)"},
    Variant{"dynamic_alpha_fn", "hyper-connections (experimental)"},
};

graph::StftFrame read_roformer_frame(const ConfigSection& model) {
    graph::StftFrame frame;
    frame.n_fft = limited("model.stft_n_fft", model.integer("stft_n_fft", 2048), 16, kMaxFftSize);
    frame.hop = limited("model.stft_hop_length", model.integer("stft_hop_length", 512), 1, frame.n_fft);
    frame.window_length =
        limited("model.stft_win_length", model.integer("stft_win_length", 2048), 1, frame.n_fft);
    frame.normalized = model.boolean("stft_normalized", false);
    return frame;
}

std::string depth_key(const std::string& axis, const LayerKind& layer) {
    return axis + "_" + layer.name + "_depth";
}

// How many of prefix0suffix, prefix1suffix … there are.
int64_t count_names(const WeightReader& weights, const std::string& prefix, const std::string& suffix) {
    int64_t count = 0;
    while (count < kMaxCount && weights.has(prefix + std::to_string(count) + suffix)) ++count;
    return count;
}

// Replaces what the configuration says by what the weights say.
class RoformerBeliever {
public:
    explicit RoformerBeliever(RoformerStructure& structure) : structure_(structure) {}

    void believe(const char* what, int64_t& said, int64_t stored) {
        if (stored <= 0 || said == stored) return;
        structure_.warnings.push_back(std::string(what) + ": the configuration says " + std::to_string(said) +
                                      ", the weights say " + std::to_string(stored) + " and are believed");
        said = stored;
    }

private:
    RoformerStructure& structure_;
};

int64_t rows_of(const WeightReader& weights, const std::string& name) {
    const auto shape = weights.shape(name);
    return shape && !shape->empty() ? shape->front() : 0;
}

// weight: [channels, 1, kernel]
void believe_convolution(RoformerStructure& s, const WeightReader& weights, RoformerBeliever& believer,
                         const std::string& weight) {
    const auto shape = weights.shape(weight);
    if (!s.layer.is_conformer || !shape || shape->empty()) return;
    believer.believe("width of the convolutions", s.convolution_width, shape->front());
    believer.believe("conv_kernel_size", s.convolution_kernel, shape->back());
}

void believe_blocks(RoformerStructure& s, const WeightReader& weights, RoformerBeliever& believer) {
    const bool has_linear = weights.has("layers.0.0.layers.0.0.temperature");
    const std::string time = has_linear ? "1" : "0";
    const std::string frequency = has_linear ? "2" : "1";
    const std::string norm = std::string(s.layer.feed_forward) + ".net.0.gamma";
    believer.believe("depth", s.depth, count_names(weights, "layers.", "." + time + ".layers.0" + norm));
    if (has_linear) {
        believer.believe("linear layers", s.linear_layers,
                         count_names(weights, "layers.0.0.layers.", ".1.net.0.gamma"));
        believer.believe("linear feed-forward width", s.linear_feed_forward_width,
                         rows_of(weights, "layers.0.0.layers.0.1.net.1.weight"));
    }
    if (!has_linear && s.linear_layers > 0) {
        s.warnings.push_back(depth_key("linear", s.layer) + ": the weights have no linear transformers");
        s.linear_layers = 0;
    }
    const auto believe_depth = [&](const std::string& axis, int64_t& said, const std::string& number) {
        const std::string key = depth_key(axis, s.layer);
        believer.believe(key.c_str(), said, count_names(weights, "layers.0." + number + ".layers.", norm));
    };
    believe_depth("time", s.time_layers, time);
    believe_depth("freq", s.frequency_layers, frequency);
    const std::string first = "layers.0." + time + ".layers.0";
    believe_layer(s, weights, first);
    believe_convolution(s, weights, believer, first + ".conv.net.4.weight");
}

void believe_masks(RoformerStructure& s, const WeightReader& weights, RoformerBeliever& believer) {
    const std::string mlp = "mask_estimators.0.to_freqs.0.0.";
    believer.believe("num_stems", s.stems,
                     count_names(weights, "mask_estimators.", ".to_freqs.0.0.0.weight"));
    int64_t layers = 0;
    while (layers < kMaxCount && weights.has(mlp + std::to_string(2 * layers) + ".weight")) ++layers;
    believer.believe("layers of the mask heads", s.mask_layers, layers);
    if (layers > 1)
        believer.believe("width of the mask heads", s.mask_width, rows_of(weights, mlp + "0.weight"));
}

// Each band's norm has two numbers (re, im) per bin and channel.
void believe_bands(RoformerStructure& s, const WeightReader& weights) {
    const int64_t bands = count_names(weights, "band_split.to_features.", ".0.gamma");
    if (bands == 0) return;
    std::vector<int64_t> widths;
    int64_t sum = 0;
    for (int64_t band = 0; band < bands; ++band) {
        widths.push_back(rows_of(weights, "band_split.to_features." + std::to_string(band) + ".0.gamma"));
        sum += widths.back();
    }
    int64_t said = 0;
    for (const int64_t bins : s.band_bins) said += bins;
    for (const int64_t channels : {s.channels, 3 - s.channels})
        if (sum == 2 * channels * said && channels != s.channels) {
            s.warnings.emplace_back(channels == 2 ? "stereo: the weights are those of a stereo network"
                                                  : "stereo: the weights are those of a mono network");
            s.channels = channels;
        }
    std::vector<int64_t> stored;
    for (const int64_t width : widths) stored.push_back(width / (2 * s.channels));
    if (stored == s.band_bins) return;
    if (sum != 2 * s.channels * said)
        throw Error(ErrorCode::invalid_input, "the bands of the weights have " + std::to_string(sum) +
                                                  " numbers, those of the configuration " +
                                                  std::to_string(2 * s.channels * said));
    s.warnings.emplace_back(
        "bands: the configuration divides the spectrum otherwise; the weights are believed");
    s.band_bins = stored;
}

void read_conformer(RoformerStructure& s, const ConfigSection& model) {
    s.feed_forward_width =
        s.width * limited("model.ff_mult", model.integer("ff_mult", kFeedForwardFactor), 1, kMaxFactor);
    s.convolution_width = s.width * limited("model.conv_expansion_factor",
                                            model.integer("conv_expansion_factor", 2), 1, kMaxFactor);
    s.convolution_kernel =
        limited("model.conv_kernel_size", model.integer("conv_kernel_size", 31), 1, kMaxCount);
    if (s.convolution_kernel % 2 == 0)
        throw Error(ErrorCode::invalid_input, "'model.conv_kernel_size' in the configuration is even");
}

}  // namespace

LayerKind find_layer_kind(const WeightReader& weights, LayerKind otherwise) {
    const auto is_of_conformer = [](const std::string& name) {
        return name.find(kConformer.feed_forward) != std::string::npos;
    };
    if (weights.is_made_up()) return otherwise;
    return std::ranges::any_of(weights.names(), is_of_conformer) ? kConformer : kTransformer;
}

RoformerStructure read_roformer_structure(const ModelConfig& config, LayerKind layer, MaskDepth mask_depth,
                                          int64_t default_mask_depth) {
    const ConfigSection& model = config.model;
    model.ignore(kIrrelevantRoformerKeys);
    RoformerStructure s;
    s.layer = layer;
    s.width = limited("model.dim", model.integer("dim"), 1, kMaxWidth);
    s.depth = limited("model.depth", model.integer("depth"), 1, kMaxCount);
    s.channels = model.boolean("stereo", false) ? 2 : 1;
    s.stems = limited("model.num_stems", model.integer("num_stems", 1), 1, kMaxCount);
    s.heads = limited("model.heads", model.integer("heads", 8), 1, kMaxCount);
    s.head_dim = limited("model.dim_head", model.integer("dim_head", 64), 1, kMaxCount);
    s.feed_forward_width = s.linear_feed_forward_width = kFeedForwardFactor * s.width;
    if (layer.is_conformer) read_conformer(s, model);
    const auto depth = [&](const std::string& axis, int64_t fallback) {
        const std::string key = depth_key(axis, layer);
        return limited("model." + key, model.integer(key, fallback), 0, kMaxCount);
    };
    s.linear_layers = depth("linear", 0);
    s.time_layers = depth("time", 2);
    s.frequency_layers = depth("freq", 2);
    s.mask_layers = limited("model.mask_estimator_depth",
                            model.integer("mask_estimator_depth", default_mask_depth), 1, 64);
    if (mask_depth == MaskDepth::counts_hidden_layers) ++s.mask_layers;
    s.mask_width =
        s.width * limited("model.mlp_expansion_factor", model.integer("mlp_expansion_factor", 4), 1, 64);
    s.frame = read_roformer_frame(model);
    s.skip_connection = model.boolean("skip_connection", false);
    s.zero_dc = model.boolean("zero_dc", true);
    if (!config.chunk_frames)
        throw Error(ErrorCode::invalid_input, "'audio.chunk_size' in the configuration is missing");
    s.chunk_frames = *config.chunk_frames;
    if (s.chunk_frames <= s.frame.n_fft / 2)
        throw Error(ErrorCode::invalid_input, "a chunk has " + std::to_string(s.chunk_frames) +
                                                  " samples, it must have more than half of the " +
                                                  std::to_string(s.frame.n_fft) + " of a Fourier transform");
    return s;
}

void believe_weights(RoformerStructure& s, const WeightReader& weights) {
    if (weights.is_made_up()) return;
    RoformerBeliever believer(s);
    believe_bands(s, weights);
    believer.believe("dim", s.width, rows_of(weights, "band_split.to_features.0.1.weight"));
    believe_blocks(s, weights, believer);
    believe_masks(s, weights, believer);
}

void believe_layer(RoformerStructure& s, const WeightReader& weights, const std::string& layer) {
    RoformerBeliever believer(s);
    const std::string attention = layer + s.layer.attention;
    believer.believe("heads", s.heads, rows_of(weights, attention + ".to_gates.weight"));
    believer.believe("dim_head", s.head_dim, rows_of(weights, attention + ".to_qkv.weight") / (3 * s.heads));
    believer.believe("feed-forward width", s.feed_forward_width,
                     rows_of(weights, layer + s.layer.feed_forward + ".net.1.weight"));
}

bool is_siamese(const WeightReader& weights) {
    return weights.has("layers.0.0.ln_x_attn.0.gamma");
}

void refuse_unsupported_variants(const WeightReader& weights) {
    for (const std::string& name : weights.names())
        for (const Variant& variant : kUnsupported)
            if (name.find(variant.marker) != std::string::npos)
                throw Error(ErrorCode::invalid_input,
                            std::string("this roformer is of the variant ") + variant.name +
                                ", which is not supported (weight '" + clean_text(name, 100) + "')",
                            "unsupported_model");
}

}  // namespace msst::model
