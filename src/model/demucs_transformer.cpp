#include "model/demucs_transformer.h"

#include <algorithm>

#include "base/error.h"
#include "model/sinusoids.h"

namespace msst::model {
namespace {

using graph::Shape;
using graph::TensorId;

const std::string kPrefix = "crosstransformer.";

// Some rows of a stored matrix or vector.
graph::Constant take_rows(WeightReader& weights, const std::string& name, Shape stored, int64_t first,
                          int64_t count) {
    const auto values = weights.take_values(name, stored);
    const int64_t row = graph::elements(stored) / stored[0];
    Shape shape = stored;
    shape[0] = count;
    return {name, shape, [values, at = first * row, size = count * row](std::span<float> out) {
                const std::vector<float> all = values();
                std::copy_n(all.begin() + at, size, out.begin());
            }};
}

// Rows multiplied by the layer scale, one factor for each; an empty name: as they are.
graph::Constant take_scaled(WeightReader& weights, const std::string& name, const Shape& shape,
                            const std::string& scale) {
    if (scale.empty()) return weights.take(name, shape);
    const auto values = weights.take_values(name, shape);
    const auto factors = weights.take_values(scale, {shape[0]});
    return {name, shape, [values, factors](std::span<float> out) {
                std::ranges::copy(values(), out.begin());
                const std::vector<float> by = factors();
                const size_t row = out.size() / by.size();
                for (size_t i = 0; i < out.size(); ++i) out[i] *= by[i / row];
            }};
}

}  // namespace

TensorId DemucsTransformer::take(const std::string& name, const Shape& shape) {
    return graph_.add_constant(weights_.take(name, shape));
}

DemucsTransformer::Branches DemucsTransformer::append(Branches x) {
    const Shape spectrum = graph_.shape(x.spectrum);
    const int64_t bins = spectrum[1];
    const int64_t frames = spectrum[2];
    const int64_t channels = spectrum[3];
    const Shape waveform = graph_.shape(x.waveform);
    const int64_t samples = waveform[2];
    const int64_t bottom = structure_.bottom_channels;
    const int64_t width = bottom > 0 ? bottom : channels;
    if (waveform[3] != channels)
        throw Error(ErrorCode::invalid_input, "the branches of this Demucs are " + std::to_string(channels) +
                                                  " and " + std::to_string(waveform[3]) +
                                                  " channels wide; its transformer needs one width");
    if (width % structure_.transformer_heads != 0 || width % 4 != 0)
        throw Error(ErrorCode::invalid_input, "a transformer " + std::to_string(width) +
                                                  " wide cannot be divided into 't_heads: " +
                                                  std::to_string(structure_.transformer_heads) + "'");

    TensorId f = graph_.add(graph::Reshape{{bins * frames, 1, channels}}, {x.spectrum}, kPrefix + "tokens");
    TensorId t = graph_.add(graph::Reshape{{samples, 1, channels}}, {x.waveform}, kPrefix + "tokens_t");
    if (bottom > 0) {
        f = append_width_change(f, "channel_upsampler", width);
        t = append_width_change(t, "channel_upsampler_t", width);
    }
    if (structure_.transformer_layers > 0) {
        const auto period = structure_.max_period;
        const auto weight = structure_.position_weight;
        f = append_norm_in(f, "norm_in", sinusoids_2d(bins, frames, width, period, weight));
        t = append_norm_in(t, "norm_in_t", sinusoids_1d(samples, width, period, weight));
    }
    for (int64_t layer = 0; layer < structure_.transformer_layers; ++layer) {
        const std::string number = std::to_string(layer) + ".";
        const std::string name = kPrefix + "layers." + number;
        const std::string name_t = kPrefix + "layers_t." + number;
        if ((layer % 2 == 1) != structure_.is_cross_first) {
            const TensorId old = f;
            f = append_cross_layer(f, t, name);
            t = append_cross_layer(t, old, name_t);
        } else {
            f = append_layer(f, name);
            t = append_layer(t, name_t);
        }
    }
    if (bottom > 0) {
        f = append_width_change(f, "channel_downsampler", channels);
        t = append_width_change(t, "channel_downsampler_t", channels);
    }
    return {graph_.add(graph::Reshape{spectrum}, {f}, kPrefix + "channels"),
            graph_.add(graph::Reshape{waveform}, {t}, kPrefix + "channels_t")};
}

TensorId DemucsTransformer::append_width_change(TensorId x, const std::string& name, int64_t width) {
    const int64_t in = graph_.shape(x)[2];
    return graph_.add(graph::Linear{},
                      {x, take(name + ".weight", {width, in}), take(name + ".bias", {width}), {}}, name);
}

TensorId DemucsTransformer::append_norm_in(TensorId x, const std::string& name, graph::Constant positions) {
    if (structure_.has_norm_in) x = append_norm(x, kPrefix + name);
    positions.name = kPrefix + name + ".positions";
    return graph_.add(graph::Add{}, {x, graph_.add_constant(std::move(positions))}, kPrefix + "positions");
}

TensorId DemucsTransformer::append_norm(TensorId x, const std::string& name) {
    const int64_t width = graph_.shape(x)[2];
    return graph_.add(graph::LayerNorm{}, {x, take(name + ".weight", {width}), take(name + ".bias", {width})},
                      name);
}

TensorId DemucsTransformer::append_norm_out(TensorId x, const std::string& name) {
    if (!structure_.has_norm_out) return x;
    const int64_t width = graph_.shape(x)[2];
    return graph_.add(graph::TensorNorm{},
                      {x, take(name + ".weight", {width}), take(name + ".bias", {width})}, name);
}

TensorId DemucsTransformer::append_layer(TensorId x, const std::string& name) {
    const int64_t width = graph_.shape(x)[2];
    const TensorId normed = append_norm(x, name + "norm1");
    const TensorId qkv = append_projection(normed, name + "self_attn.", 0, 3);
    graph::Attention attention;
    attention.heads = structure_.transformer_heads;
    attention.head_dim = width / attention.heads;
    attention.k_at = width;
    attention.v_at = 2 * width;
    const TensorId heads = graph_.add(attention, {qkv, qkv, {}, {}}, name + "self_attn");
    x = append_out(heads, x, name + "self_attn.out_proj.", name + "gamma_1.scale");
    x = append_feed_forward(x, name, "norm2");
    return append_norm_out(x, name + "norm_out");
}

TensorId DemucsTransformer::append_cross_layer(TensorId x, TensorId other, const std::string& name) {
    const int64_t width = graph_.shape(x)[2];
    const TensorId normed = append_norm(x, name + "norm1");
    const TensorId q = append_projection(normed, name + "cross_attn.", 0, 1);
    const TensorId normed_other = append_norm(other, name + "norm2");
    const TensorId kv = append_projection(normed_other, name + "cross_attn.", 1, 2);
    graph::Attention attention;
    attention.heads = structure_.transformer_heads;
    attention.head_dim = width / attention.heads;
    attention.v_at = width;
    const TensorId heads = graph_.add(attention, {q, kv, {}, {}, kv}, name + "cross_attn");
    x = append_out(heads, x, name + "cross_attn.out_proj.", name + "gamma_1.scale");
    x = append_feed_forward(x, name, "norm3");
    return append_norm_out(x, name + "norm_out");
}

// Of the stacked projections of queries, keys and values only some.
TensorId DemucsTransformer::append_projection(TensorId x, const std::string& name, int64_t first_part,
                                              int64_t parts) {
    const int64_t width = graph_.shape(x)[2];
    const int64_t first = first_part * width;
    const int64_t count = parts * width;
    const TensorId weight =
        graph_.add_constant(take_rows(weights_, name + "in_proj_weight", {3 * width, width}, first, count));
    const TensorId bias =
        graph_.add_constant(take_rows(weights_, name + "in_proj_bias", {3 * width}, first, count));
    return graph_.add(graph::Linear{}, {x, weight, bias, {}}, name + "in_proj");
}

// residual + scale * linear(x), the scale being part of the weights.
TensorId DemucsTransformer::append_out(TensorId x, TensorId residual, const std::string& name,
                                       const std::string& scale) {
    const int64_t in = graph_.shape(x)[2];
    const int64_t width = graph_.shape(residual)[2];
    const std::string by = structure_.has_layer_scale ? scale : std::string();
    const TensorId weight = graph_.add_constant(take_scaled(weights_, name + "weight", {width, in}, by));
    const TensorId bias = graph_.add_constant(take_scaled(weights_, name + "bias", {width}, by));
    return graph_.add(graph::Linear{}, {x, weight, bias, residual}, name);
}

TensorId DemucsTransformer::append_feed_forward(TensorId x, const std::string& name,
                                                const std::string& norm) {
    const int64_t width = graph_.shape(x)[2];
    const auto hidden = static_cast<int64_t>(structure_.hidden_scale * static_cast<double>(width));
    const TensorId normed = append_norm(x, name + norm);
    graph::Linear first;
    first.activation = structure_.has_gelu ? graph::Activation::gelu : graph::Activation::relu;
    const TensorId y = graph_.add(
        first,
        {normed, take(name + "linear1.weight", {hidden, width}), take(name + "linear1.bias", {hidden}), {}},
        name + "linear1");
    return append_out(y, x, name + "linear2.", name + "gamma_2.scale");
}

}  // namespace msst::model
