#include "model/scnet_blocks.h"

#include "model/roformer_blocks.h"

namespace msst::model {
namespace {

using graph::Activation;
using graph::Shape;
using graph::TensorId;

constexpr int kBins = 1;
constexpr int64_t kMaskWidth = 64;

// The decoder gives its 3x3 convolution every channel twice: the same as the sum of the two halves of its
// weight, [out, 2 in, …] -> [out, in, …], with half of the work.
graph::Constant without_repetition(const graph::Constant& weight) {
    Shape shape = weight.shape;
    shape[1] /= 2;
    const int64_t out = shape[0];
    const int64_t half = graph::elements(shape) / out;
    const auto fill = [inner = weight.fill, out, half](std::span<float> folded) {
        std::vector<float> full(2 * out * half);
        inner(full);
        for (int64_t row = 0; row < out; ++row)
            for (int64_t i = 0; i < half; ++i)
                folded[row * half + i] = full[2 * row * half + i] + full[(2 * row + 1) * half + i];
    };
    return {weight.name, shape, fill};
}

// [channels, bins] -> [1, bins, frames, channels]
graph::Constant at_every_frame(const graph::Constant& embedding, int64_t frames) {
    const int64_t channels = embedding.shape[0];
    const int64_t bins = embedding.shape[1];
    const auto fill = [inner = embedding.fill, channels, bins, frames](std::span<float> out) {
        std::vector<float> values(channels * bins);
        inner(values);
        for (int64_t at = 0; at < std::ssize(out); ++at)
            out[at] = values[at % channels * bins + at / channels / frames];
    };
    return {embedding.name, {1, bins, frames, channels}, fill};
}

}  // namespace

TensorId ScnetBlocks::constant(const std::string& name, const Shape& shape) {
    return graph_.add_constant(weights_.take(name, shape));
}

// Over everything behind the first axis.
TensorId ScnetBlocks::append_group_norm(TensorId x, const std::string& name, Activation activation) {
    const int64_t width = graph_.shape(x).back();
    const TensorId gain = constant(name + ".weight", {width});
    const TensorId bias = constant(name + ".bias", {width});
    graph::GroupNorm norm;
    norm.layout = graph::Layout::channels_last;
    norm.activation = activation;
    return graph_.add(norm, {x, gain, bias}, name);
}

TensorId ScnetBlocks::append_convolution(TensorId x, const std::string& name, graph::Convolution op,
                                         const Shape& weight) {
    op.layout = graph::Layout::channels_last;
    const TensorId weight_id = constant(name + ".weight", weight);
    const TensorId bias = constant(name + ".bias", {weight[0]});
    return graph_.add(op, {x, weight_id, bias, {}}, name);
}

TensorId ScnetBlocks::append_glu(TensorId x, const std::string& name) {
    return graph_.add(graph::Glu{static_cast<int>(graph_.shape(x).size()) - 1}, {x}, name);
}

// One residual layer along time, every bin by itself: x [bins, 1, frames, channels].
TensorId ScnetBlocks::append_module_layer(TensorId x, const std::string& name) {
    const int64_t width = graph_.shape(x).back();
    const auto hidden = static_cast<int64_t>(static_cast<double>(width) / structure_.compress);
    const int64_t kernel = structure_.module_kernel;
    graph::Convolution along_time;
    along_time.pad_begin = along_time.pad_end = {0, kernel / 2};
    TensorId y = append_group_norm(x, name + "0", Activation::none);
    along_time.is_sensitive = true;  // the norms behind it enlarge what is rounded; a sixtieth of all work
    y = append_convolution(y, name + "1", along_time, {2 * hidden, width, 1, kernel});
    y = append_glu(y, name + "2");
    along_time.groups = hidden;
    y = append_convolution(y, name + "3", along_time, {hidden, 1, 1, kernel});
    y = append_group_norm(y, name + "4", Activation::silu);
    const TensorId weight = constant(name + "6.weight", {width, hidden});
    const TensorId bias = constant(name + "6.bias", {width});
    return graph_.add(graph::Linear{}, {y, weight, bias, x}, name + "6");
}

TensorId ScnetBlocks::append_encoder_level(TensorId x, int64_t level, Skip& skip) {
    const std::string name = "encoder." + std::to_string(level) + ".";
    const int64_t in = structure_.widths[level];
    const int64_t out = structure_.widths[level + 1];
    skip.bands = structure_.bands(graph_.shape(x)[kBins]);
    std::vector<TensorId> bands;
    for (size_t b = 0; b < skip.bands.size(); ++b) {
        const ScnetBand& band = skip.bands[b];
        const std::string number = std::to_string(b);
        const TensorId part = graph_.add(graph::Slice{kBins, band.first, band.bins}, {x}, name + "SDlayer");
        graph::Convolution down;
        down.strides = {structure_.band_strides[b], 1};
        down.pad_begin = {band.pad_begin, 0};
        down.pad_end = {band.pad_end, 0};
        TensorId y = append_convolution(part, name + "SDlayer.convs." + number, down,
                                        {out, in, structure_.band_kernels[b], 1});
        const Shape shape = graph_.shape(y);  // [1, rows, frames, channels]
        y = graph_.add(graph::Reshape{{shape[1], 1, shape[2], shape[3]}}, {y}, name + "conv_modules");
        for (int64_t layer = 0; layer < structure_.module_depths[b]; ++layer)
            y = append_module_layer(
                y, name + "conv_modules." + number + ".layers." + std::to_string(layer) + ".");
        y = graph_.add(graph::Reshape{shape}, {y}, name + "conv_modules");
        bands.push_back(graph_.add(graph::Activate{Activation::gelu}, {y}, name + "gelu"));
    }
    skip.x = graph_.add(graph::Concat{kBins}, bands, name + "bands");
    graph::Convolution global;
    global.pad_begin = global.pad_end = {1, 1};
    return append_convolution(skip.x, name + "globalconv", global, {out, out, 3, 3});
}

TensorId ScnetBlocks::append_separation(TensorId x) {
    Shape shape = graph_.shape(x);
    const int64_t frames = shape[2];
    x = graph_.add(graph::Reshape{{shape[1], shape[2], shape[3]}}, {x}, "separation_net");
    for (int64_t layer = 0; layer < structure_.dual_path_layers; ++layer) {
        const std::string name = "separation_net.dp_modules." + std::to_string(layer) + ".";
        x = append_path(x, name, /*axis=*/0);
        x = append_path(x, name, /*axis=*/1);
        const bool is_spectrum = layer % 2 != 0;
        const std::string label = "separation_net.feature_conversion." + std::to_string(layer);
        x = is_spectrum ? graph_.add(graph::InverseRealFft{1, frames, /*orthonormal=*/true}, {x}, label)
                        : graph_.add(graph::RealFft{1, /*orthonormal=*/true}, {x}, label);
    }
    return graph_.add(graph::Reshape{shape}, {x}, "separation_net");
}

// A residual path along the bins (axis 0) or the frames (axis 1) of x [bins, frames, channels].
TensorId ScnetBlocks::append_path(TensorId x, const std::string& module, int axis) {
    const Shape shape = graph_.shape(x);
    const std::string norm = module + "norm_layers." + std::to_string(axis);
    TensorId y = graph_.add(graph::Reshape{{1, shape[0], shape[1], shape[2]}}, {x}, norm);
    y = append_group_norm(y, norm, Activation::none);
    y = graph_.add(graph::Reshape{shape}, {y}, norm);
    if (structure_.kind == ScnetKind::transformers)
        return graph_.add(graph::Add{}, {append_transformer(y, module, axis), x}, module);
    y = append_lstm(y, module, axis);
    const std::string linear = module + "linear_layers." + std::to_string(axis);
    const TensorId weight = constant(linear + ".weight", {shape[2], graph_.shape(y).back()});
    const TensorId bias = constant(linear + ".bias", {shape[2]});
    return graph_.add(graph::Linear{}, {y, weight, bias, x}, linear);
}

TensorId ScnetBlocks::append_lstm(TensorId x, const std::string& module, int axis) {
    const std::string name = module + "lstm_layers." + std::to_string(axis) + ".";
    const int64_t width = graph_.shape(x).back();
    const int64_t hidden = width * structure_.expand;
    const Shape gates = {4 * hidden};
    const TensorId input = graph_.add_constant(weights_.take_joined(
        {{name + "weight_ih_l0", {4 * hidden, width}}, {name + "weight_ih_l0_reverse", {4 * hidden, width}}},
        {2, 4 * hidden, width}));
    const TensorId state =
        graph_.add_constant(weights_.take_joined({{name + "weight_hh_l0", {4 * hidden, hidden}},
                                                  {name + "weight_hh_l0_reverse", {4 * hidden, hidden}}},
                                                 {2, 4 * hidden, hidden}));
    const TensorId bias = graph_.add_constant(weights_.take_joined({{name + "bias_ih_l0", gates},
                                                                    {name + "bias_hh_l0", gates},
                                                                    {name + "bias_ih_l0_reverse", gates},
                                                                    {name + "bias_hh_l0_reverse", gates}},
                                                                   {2, 2, 4 * hidden}));
    return graph_.add(graph::Lstm{axis}, {x, input, state, bias}, name);
}

TensorId ScnetBlocks::append_transformer(TensorId x, const std::string& module, int axis) {
    RoformerStructure transformer;
    transformer.width = graph_.shape(x).back();
    transformer.heads = structure_.heads;
    transformer.head_dim = structure_.head_dim;
    transformer.rotary_dim = structure_.rotary_dim;
    transformer.feed_forward_width = 4 * transformer.width;
    transformer.has_transformer_norms = true;
    const std::string name = module + (axis == 0 ? "freq_layer" : "time_layer");
    return RoformerBlocks(graph_, weights_, transformer, name)
        .append_one(x, axis, structure_.transformer_depth);
}

// [1, bins, frames, channels] -> the same shape: a 3x3 convolution of everything twice, gated by its second
// half.
TensorId ScnetBlocks::append_fusion(TensorId x, const std::string& name) {
    const int64_t width = graph_.shape(x).back();
    graph::Convolution op;
    op.pad_begin = op.pad_end = {1, 1};
    op.layout = graph::Layout::channels_last;
    const TensorId weight = graph_.add_constant(
        without_repetition(weights_.take(name + ".weight", {2 * width, 2 * width, 3, 3})));
    const TensorId bias = constant(name + ".bias", {2 * width});
    return append_glu(graph_.add(op, {x, weight, bias, {}}, name), name);
}

TensorId ScnetBlocks::append_decoder_level(TensorId x, int64_t level, const Skip& skip) {
    const std::string name = "decoder." + std::to_string(structure_.levels() - 1 - level) + ".";
    const int64_t in = structure_.widths[level + 1];
    const int64_t out = structure_.widths[level] * (level == 0 ? structure_.sources : 1);
    x = graph_.add(graph::Add{}, {x, skip.x}, name + "skip");
    x = append_fusion(x, name + "0.conv");
    std::vector<TensorId> bands;
    int64_t first = 0;
    for (size_t b = 0; b < skip.bands.size(); ++b) {
        const ScnetBand& band = skip.bands[b];
        const std::string convolution = name + "1.convtrs." + std::to_string(b);
        const TensorId part = graph_.add(graph::Slice{kBins, first, band.rows}, {x}, convolution);
        graph::TransposedConvolution up;
        up.strides = {structure_.band_strides[b], 1};
        up.crop_begin = {band.crop_begin, 0};
        up.crop_end = {band.crop_end, 0};
        up.layout = graph::Layout::channels_last;
        const TensorId weight = constant(convolution + ".weight", {in, out, structure_.band_kernels[b], 1});
        const TensorId bias = constant(convolution + ".bias", {out});
        bands.push_back(graph_.add(up, {part, weight, bias}, convolution));
        first += band.rows;
    }
    return graph_.add(graph::Concat{kBins}, bands, name + "bands");
}

TensorId ScnetBlocks::append_mask_head(TensorId x) {
    const int64_t width = graph_.shape(x).back();
    graph::Convolution wide;
    wide.pad_begin = wide.pad_end = {1, 1};
    wide.activation = Activation::gelu;
    x = append_convolution(x, "mask_layer.0", wide, {kMaskWidth, width, 3, 3});
    const TensorId weight = constant("mask_layer.2.weight", {width, kMaskWidth});
    const TensorId bias = constant("mask_layer.2.bias", {width});
    return graph_.add(graph::Linear{Activation::tanh}, {x, weight, bias, {}}, "mask_layer.2");
}

TensorId ScnetBlocks::append_frequency_embedding(TensorId spectrum) {
    const Shape shape = graph_.shape(spectrum);
    const graph::Constant embedding = weights_.take("pos_embed_f", {shape[kScnetChannels], shape[kBins]});
    const TensorId expanded = graph_.add_constant(at_every_frame(embedding, shape[2]));
    return graph_.add(graph::Add{}, {spectrum, expanded}, "pos_embed_f");
}

}  // namespace msst::model
