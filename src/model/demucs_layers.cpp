#include "model/demucs_layers.h"

#include <algorithm>

#include "base/error.h"
#include "model/demucs_sequences.h"

namespace msst::model {
namespace {

using graph::Activation;
using graph::Shape;
using graph::TensorId;

constexpr auto kDemucsLayout = graph::Layout::channels_last;

std::string numbered(const char* part, int64_t index) {
    return part + std::to_string(index) + ".";
}

}  // namespace

TensorId DemucsLayers::take(const std::string& name, const Shape& shape) {
    return graph_.add_constant(weights_.take(name, shape));
}

DemucsLayers::Kernel DemucsLayers::kernel_of(const DemucsLevel& level) {
    return {level.has_bins, level.kernel, level.stride, level.merges_bins ? 0 : level.kernel / 4};
}

DemucsLayers::Kernel DemucsLayers::time_kernel() const {
    return {false, structure_.kernel, structure_.stride, structure_.kernel / 4};
}

TensorId DemucsLayers::append_strided(TensorId x, const std::string& name, int64_t out, const Kernel& kernel,
                                      Activation activation) {
    const Shape shape = graph_.shape(x);
    graph::Convolution op;
    op.activation = activation;
    op.layout = kDemucsLayout;
    Shape weight = {out, shape[3], 1, 1};
    const int axis = kernel.is_along_bins ? 0 : 1;
    weight[2 + axis] = kernel.size;
    op.strides[axis] = kernel.stride;
    op.pad_begin[axis] = op.pad_end[axis] = kernel.pad;
    // Time is filled up to whole strides.
    if (!kernel.is_along_bins) op.pad_end[axis] += (kernel.stride - shape[2] % kernel.stride) % kernel.stride;
    return graph_.add(op, {x, take(name + "conv.weight", weight), take(name + "conv.bias", {out}), {}},
                      name + "conv");
}

TensorId DemucsLayers::append_group_norm(TensorId x, const std::string& name, int64_t groups,
                                         Activation activation) {
    const int64_t channels = graph_.shape(x).back();
    const graph::GroupNorm op{.groups = groups, .activation = activation, .layout = kDemucsLayout};
    return graph_.add(op, {x, take(name + ".weight", {channels}), take(name + ".bias", {channels})}, name);
}

TensorId DemucsLayers::append_encoder(TensorId x, const DemucsLevel& level, int64_t index,
                                      TensorId injected) {
    const std::string name = numbered("encoder.", index);
    const bool is_plain = !injected.is_present() && !level.has_norms;
    TensorId y =
        append_strided(x, name, level.out, kernel_of(level), is_plain ? Activation::gelu : Activation::none);
    if (injected.is_present()) {
        if (graph_.shape(y) != graph_.shape(injected))
            throw Error(ErrorCode::invalid_input, "the branches of this Demucs do not meet: frequencies " +
                                                      graph::to_string(graph_.shape(y)) + ", time " +
                                                      graph::to_string(graph_.shape(injected)));
        y = graph_.add(graph::Add{.is_narrow = true}, {y, injected}, name + "inject");
    }
    if (level.has_norms)
        y = append_group_norm(y, name + "norm1", structure_.norm_groups, Activation::gelu);
    else if (injected.is_present())
        y = graph_.add(graph::Activate{Activation::gelu}, {y}, name + "gelu");
    if (structure_.has_encoder_branches) y = append_branches(y, name + "dconv.layers.", index);
    return append_rewrite(y, name, "norm2", structure_.encoder_context, level.has_bins, level.has_norms);
}

TensorId DemucsLayers::append_time_encoder(TensorId x, const DemucsLevel& level, int64_t index) {
    const std::string name = numbered("tencoder.", index);
    const bool is_plain = !level.merges_bins && !level.has_norms;
    TensorId y = append_strided(x, name, level.time_out, time_kernel(),
                                is_plain ? Activation::gelu : Activation::none);
    if (level.merges_bins) return y;
    if (level.has_norms) y = append_group_norm(y, name + "norm1", structure_.norm_groups, Activation::gelu);
    if (structure_.has_encoder_branches) y = append_branches(y, name + "dconv.layers.", index);
    return append_rewrite(y, name, "norm2", structure_.encoder_context, /*has_bins=*/false, level.has_norms);
}

// A row of summands for every bin.
TensorId DemucsLayers::append_frequency_embedding(TensorId x) {
    const int64_t bins = graph_.shape(x)[1];
    const int64_t channels = graph_.shape(x)[3];
    // As many rows as there would be without subbands; the first ones are used.
    const int64_t rows = structure_.n_fft / 2 / structure_.stride;
    const auto table = weights_.take_values("freq_emb.embedding.weight", {rows, channels});
    const auto scale = static_cast<float>(structure_.embedding_scale);
    const TensorId summands =
        graph_.add_constant({"freq_emb", {bins, 1, channels}, [table, scale](std::span<float> out) {
                                 const std::vector<float> values = table();
                                 for (size_t i = 0; i < out.size(); ++i) out[i] = scale * values[i];
                             }});
    return graph_.add(graph::Add{.is_narrow = true}, {x, summands}, "freq_emb");
}

// To twice the channels, then a gate.
TensorId DemucsLayers::append_rewrite(TensorId x, const std::string& name, const std::string& norm,
                                      int64_t context, bool has_bins, bool has_norm) {
    if (!structure_.has_rewrite) return x;
    const int64_t channels = graph_.shape(x)[3];
    const int64_t width = 1 + 2 * context;
    const TensorId bias = take(name + "rewrite.bias", {2 * channels});
    const std::string weight = name + "rewrite.weight";
    TensorId y;
    if (context == 0) {
        y = graph_.add(graph::Linear{}, {x, take(weight, {2 * channels, channels}), bias, {}},
                       name + "rewrite");
    } else {
        graph::Convolution op;
        op.pad_begin = op.pad_end = {has_bins ? context : 0, context};
        op.is_gated = !has_norm;
        op.layout = kDemucsLayout;
        const Shape shape = {2 * channels, channels, has_bins ? width : 1, width};
        y = graph_.add(op, {x, take(weight, shape), bias, {}}, name + "rewrite");
        if (op.is_gated) return y;
    }
    if (has_norm) y = append_group_norm(y, name + norm, structure_.norm_groups, Activation::none);
    return graph_.add(graph::Glu{3}, {y}, name + "glu");
}

DemucsLayers::Decoded DemucsLayers::append_decoder(TensorId x, TensorId skip, const DemucsLevel& level,
                                                   int64_t index, int64_t frames) {
    const std::string name = numbered("decoder.", structure_.depth - 1 - index);
    if (!x.is_present())
        x = skip;
    else
        x = graph_.add(graph::Add{.is_narrow = true}, {x, skip}, name + "skip");
    TensorId y = append_rewrite(x, name, "norm1", structure_.context, level.has_bins, level.has_norms);
    if (structure_.has_decoder_branches) y = append_branches(y, name + "dconv.layers.", index);
    return {append_upsampled(y, name, level.decoded, kernel_of(level), frames, level.has_norms, index == 0),
            y};
}

TensorId DemucsLayers::append_time_decoder(TensorId x, TensorId skip, const DemucsLevel& level, int64_t index,
                                           int64_t samples) {
    // Levels behind the merge have no layer in this branch.
    const auto levels = structure_.levels();
    const int64_t count = std::ranges::count_if(levels, &DemucsLevel::has_bins);
    const std::string name = numbered("tdecoder.", count - 1 - index);
    if (skip.is_present()) {
        x = graph_.add(graph::Add{.is_narrow = true}, {x, skip}, name + "skip");
        x = append_rewrite(x, name, "norm1", structure_.context, /*has_bins=*/false, level.has_norms);
        if (structure_.has_decoder_branches) x = append_branches(x, name + "dconv.layers.", index);
    }
    return append_upsampled(x, name, level.time_decoded, time_kernel(), samples, level.has_norms, index == 0);
}

TensorId DemucsLayers::append_upsampled(TensorId x, const std::string& name, int64_t out,
                                        const Kernel& kernel, int64_t samples, bool has_norm, bool is_last) {
    const Shape shape = graph_.shape(x);
    const int axis = kernel.is_along_bins ? 0 : 1;
    const int64_t size = (shape[1 + axis] - 1) * kernel.stride + kernel.size;
    const int64_t end = kernel.is_along_bins ? kernel.pad : size - kernel.pad - samples;
    if (end < 0)
        throw Error(ErrorCode::invalid_input, name + "conv_tr gives " + std::to_string(size - kernel.pad) +
                                                  " samples, " + std::to_string(samples) + " are needed");
    Shape weight = {shape[3], out, 1, 1};
    weight[2 + axis] = kernel.size;
    graph::TransposedConvolution op;
    op.layout = kDemucsLayout;
    op.strides[axis] = kernel.stride;
    if (!has_norm) {
        op.crop_begin[axis] = kernel.pad;
        op.crop_end[axis] = end;
        if (!is_last) op.activation = Activation::gelu;
    }
    TensorId y = graph_.add(
        op, {x, take(name + "conv_tr.weight", weight), take(name + "conv_tr.bias", {out})}, name + "conv_tr");
    if (!has_norm) return y;
    // The norm is that of what is cut off too.
    y = append_group_norm(y, name + "norm2", structure_.norm_groups,
                          is_last ? Activation::none : Activation::gelu);
    graph::Pad crop{{0, 0, 0, 0}, {0, 0, 0, 0}};
    crop.begin[1 + axis] = -kernel.pad;
    crop.end[1 + axis] = -end;
    return graph_.add(crop, {y}, name + "crop");
}

// Residual branches along time; every bin is a sample of its own.
TensorId DemucsLayers::append_branches(TensorId x, const std::string& name, int64_t level) {
    const Shape shape = graph_.shape(x);  // [1, bins, frames, channels]
    TensorId y = graph_.add(graph::Reshape{{shape[1], 1, shape[2], shape[3]}}, {x}, name + "bins");
    for (int64_t k = 0; k < structure_.branch_depth; ++k)
        y = append_branch(y, name + std::to_string(k) + ".", int64_t{1} << k, level);
    return graph_.add(graph::Reshape{shape}, {y}, name + "bins");
}

// x + scale * glu(norm(widen(… gelu(norm(narrow x))))), on [bins, 1, frames, channels].
TensorId DemucsLayers::append_branch(TensorId x, const std::string& name, int64_t dilation, int64_t level) {
    const int64_t channels = graph_.shape(x)[3];
    const auto hidden = static_cast<int64_t>(static_cast<double>(channels) / structure_.branch_compression);
    if (hidden < 1)
        throw Error(ErrorCode::invalid_input,
                    "'dconv_comp' of a Demucs leaves none of " + std::to_string(channels) + " channels");
    graph::Convolution narrow;
    narrow.dilations = {1, dilation};
    narrow.pad_begin = narrow.pad_end = {0, dilation};
    narrow.layout = kDemucsLayout;
    TensorId y = graph_.add(
        narrow, {x, take(name + "0.weight", {hidden, channels, 1, 3}), take(name + "0.bias", {hidden}), {}},
        name + "narrow");
    y = append_group_norm(y, name + "1", 1, Activation::gelu);
    int at = 3;
    const auto next = [&] { return name + std::to_string(at++) + "."; };
    if (level >= structure_.branch_lstm) y = append_lstm(y, next());
    if (level >= structure_.branch_attention) y = append_local_attention(y, next());
    const std::string widen = next();
    const TensorId weight = take(widen + "weight", {2 * channels, hidden});
    const TensorId bias = take(widen + "bias", {2 * channels});
    // The layer scale is part of the norm: it multiplies the half that is not the gate.
    const std::string norm = next();
    const std::string scale = name + std::to_string(at + 1) + ".scale";
    const TensorId gain = graph_.add_constant(scaled_half(weights_, norm + "weight", scale, channels));
    const TensorId shift = graph_.add_constant(scaled_half(weights_, norm + "bias", scale, channels));
    return graph_.add(graph::GatedResidual{}, {x, y, weight, bias, gain, shift}, name + "widen");
}

TensorId DemucsLayers::append_lstm(TensorId x, const std::string& name) {
    const Shape shape = graph_.shape(x);
    const TensorId rows = graph_.add(graph::Reshape{{shape[0], shape[2], shape[3]}}, {x}, name + "rows");
    return graph_.add(graph::Reshape{shape}, {append_demucs_lstm(graph_, weights_, rows, name)},
                      name + "rows");
}

TensorId DemucsLayers::append_local_attention(TensorId x, const std::string& name) {
    const Shape shape = graph_.shape(x);
    const TensorId rows = graph_.add(graph::Reshape{{shape[0], shape[2], shape[3]}}, {x}, name + "rows");
    return graph_.add(graph::Reshape{shape}, {append_demucs_attention(graph_, weights_, rows, name)},
                      name + "rows");
}

}  // namespace msst::model
