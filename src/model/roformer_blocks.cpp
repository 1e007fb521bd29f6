#include "model/roformer_blocks.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "model/batch_norm.h"
#include "model/position_tables.h"

namespace msst::model {
namespace {

graph::Constant scaled(graph::Constant constant, float factor) {
    if (factor == 1) return constant;
    const auto fill = [fill_plain = constant.fill, factor](std::span<float> out) {
        fill_plain(out);
        for (float& value : out) value *= factor;
    };
    return {constant.name, constant.shape, fill};
}

}  // namespace

using graph::Attention;
using graph::Shape;
using graph::TensorId;

RoformerBlocks::RoformerBlocks(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                               std::string prefix)
    : graph_(graph), weights_(weights), structure_(structure), prefix_(std::move(prefix)) {
    if (weights.has("cos_emb_time")) norm_floor_ = 0x1p-24f;  // the variant with learned tables
    const auto sinks = weights.shape("sink_tokens");
    if (sinks && prefix_ == "layers.") sinks_ = sinks->front();  // the heads' own blocks have none
}

TensorId RoformerBlocks::append(TensorId x, int64_t depth) {
    std::vector<TensorId> earlier;
    for (int64_t block = 0; block < depth; ++block) {
        std::string name = prefix_ + std::to_string(block) + ".";
        int transformer = 0;
        if (structure_.linear_layers > 0)
            x = append_linear_transformer(x, name + std::to_string(transformer++));
        for (const TensorId output : earlier) x = graph_.add(graph::Add{}, {x, output}, name + "skip");
        x = append_transformer(x, name + std::to_string(transformer), kTime, structure_.time_layers);
        x = append_transformer(x, name + std::to_string(transformer + 1), kBands,
                               structure_.frequency_layers);
        if (structure_.skip_connection) earlier.push_back(x);
    }
    return x;
}

RoformerBlocks::Streams RoformerBlocks::append_siamese(TensorId tokens, int64_t depth) {
    Streams streams{tokens, tokens};
    int64_t number = 0;
    for (int64_t block = 0; block < depth; ++block)
        for (const Axis axis : {kTime, kBands}) {
            const std::string name = prefix_ + std::to_string(block) + "." + std::to_string(axis);
            const int64_t layers = axis == kTime ? structure_.time_layers : structure_.frequency_layers;
            for (int64_t layer = 0; layer < layers; ++layer)
                append_siamese_layer(streams, name, layer, axis, ++number);
        }
    return streams;
}

// y is a residual stream as ever. x is normed after everything that is added to it, and gets each addition
// with the factor 1 + 1 / sqrt(number of the layer, counted from 1).
void RoformerBlocks::append_siamese_layer(Streams& streams, const std::string& transformer, int64_t layer,
                                          Axis axis, int64_t number) {
    const std::string index = "." + std::to_string(layer);
    const std::string name = transformer + ".layers" + index;
    const float factor = 1.0f + 1.0f / std::sqrt(static_cast<float>(number));
    const TensorId factors =
        graph_.add_constant({name + ".factor", {1}, [factor](std::span<float> out) { out[0] = factor; }});
    const auto norm = [&](TensorId x, const std::string& which) {
        return append_norm(x, transformer + "." + which + index + ".gamma");
    };
    const auto add_to_both = [&](TensorId delta, const std::string& norm_of_x) {
        streams.y = graph_.add(graph::Add{}, {streams.y, delta}, name);
        const TensorId scaled = graph_.add(graph::Multiply{}, {delta, factors}, name);
        streams.x = norm(graph_.add(graph::Add{}, {scaled, streams.x}, name), norm_of_x);
    };
    const TensorId gain =
        graph_.add_constant(weights_.take(transformer + ".y_attn" + index, {structure_.width}));
    const TensorId gained = graph_.add(graph::Multiply{}, {streams.x, gain}, name);
    const TensorId into_attention = graph_.add(graph::Add{}, {gained, norm(streams.y, "ln_y_attn")}, name);
    add_to_both(append_attention(into_attention, {}, name + ".0", axis), "ln_x_attn");
    const TensorId into_feed_forward =
        graph_.add(graph::Add{}, {norm(streams.y, "ln_y_mlp"), streams.x}, name);
    add_to_both(append_feed_forward(into_feed_forward, {}, name + ".1", structure_.feed_forward_width),
                "ln_x_mlp");
}

TensorId RoformerBlocks::append_one(TensorId x, int axis, int64_t layers) {
    return append_transformer(x, prefix_, static_cast<Axis>(axis), layers);
}

TensorId RoformerBlocks::append_transformer(TensorId x, const std::string& name, Axis axis, int64_t layers) {
    for (int64_t layer = 0; layer < layers; ++layer) {
        const std::string layer_name = name + ".layers." + std::to_string(layer);
        if (structure_.layer.is_conformer) {
            x = append_conformer_layer(x, layer_name, axis);
            continue;
        }
        x = append_attention(x, x, layer_name + ".0", axis);
        x = append_feed_forward(x, x, layer_name + ".1", structure_.feed_forward_width);
    }
    return structure_.has_transformer_norms ? append_norm(x, name + ".norm.gamma") : x;
}

// Attention and a convolution between the two halves of a feed-forward.
TensorId RoformerBlocks::append_conformer_layer(TensorId x, const std::string& name, Axis axis) {
    x = append_feed_forward(x, x, name + ".ff1.ff", structure_.feed_forward_width, 0.5f);
    x = append_attention(x, x, name + ".attn", axis);
    x = append_convolution(x, name + ".conv.net", axis);
    x = append_feed_forward(x, x, name + ".ff2.ff", structure_.feed_forward_width, 0.5f);
    return append_norm(x, name + ".out_norm.gamma");
}

TensorId RoformerBlocks::append_convolution(TensorId x, const std::string& name, Axis axis) {
    const int64_t d = structure_.width;
    const int64_t wide = structure_.convolution_width;
    const TensorId normed = append_norm(x, name + ".0.gamma");
    const TensorId up = graph_.add_constant(weights_.take(name + ".2.weight", {2 * wide, d}));
    const TensorId up_bias = graph_.add_constant(weights_.take(name + ".2.bias", {2 * wide}));
    TensorId y = graph_.add(graph::Linear{}, {normed, up, up_bias, {}}, name + ".2.weight");
    y = graph_.add(graph::Glu{/*axis=*/2}, {y}, name + ".3");
    const FoldedConvolution folded =
        fold_batch_norm(weights_, name + ".4", name + ".5", {wide, structure_.convolution_kernel});
    y = graph_.add(graph::DepthwiseConvolution{axis, graph::Activation::silu},
                   {y, graph_.add_constant(folded.weight), graph_.add_constant(folded.bias)}, name + ".4");
    const TensorId down = graph_.add_constant(weights_.take(name + ".7.weight", {d, wide}));
    const TensorId down_bias = graph_.add_constant(weights_.take(name + ".7.bias", {d}));
    return graph_.add(graph::Linear{}, {y, down, down_bias, x}, name + ".7.weight");
}

TensorId RoformerBlocks::append_linear_transformer(TensorId x, const std::string& name) {
    const Shape tokens = graph_.shape(x);
    x = graph_.add(graph::Reshape{{tokens[0] * tokens[1], tokens[2]}}, {x}, name);
    for (int64_t layer = 0; layer < structure_.linear_layers; ++layer) {
        const std::string layer_name = name + ".layers." + std::to_string(layer);
        x = append_linear_attention(x, layer_name + ".0");
        x = append_feed_forward(x, x, layer_name + ".1", structure_.linear_feed_forward_width);
    }
    if (structure_.has_transformer_norms) x = append_norm(x, name + ".norm.gamma");
    return graph_.add(graph::Reshape{tokens}, {x}, name);
}

TensorId RoformerBlocks::append_norm(TensorId x, const std::string& name) {
    const TensorId gamma = graph_.add_constant(weights_.take(name, {structure_.width}));
    return graph_.add(graph::RmsNorm{norm_floor_}, {x, gamma}, name);
}

TensorId RoformerBlocks::append_attention(TensorId x, TensorId residual, const std::string& name, Axis axis) {
    const Projection projection = append_projection(x, name);
    const int64_t width = structure_.heads * structure_.head_dim;
    const TensorId table = position_table(name, axis, graph_.shape(x)[axis]);
    const TensorId values = values_of(projection, axis, name);
    Attention attention{.heads = structure_.heads, .head_dim = structure_.head_dim, .sequence_axis = axis};
    attention.k_at = width;
    attention.v_at = values == projection.rows ? 2 * width : 0;
    attention.gates_at = projection.gates_at;
    attention.position = position_;
    if (axis == kTime && sinks_ > 0) {
        attention.window = structure_.window;
        attention.sinks = sinks_;
    }
    const TensorId heads = graph_.add(attention, {projection.rows, values, projection.rows, table}, name);
    const std::string bias = shared_name(name + ".to_out.0.bias", {"linear_64_bias_0", "shared_out_bias"});
    const TensorId bias_id =
        bias.empty() ? TensorId() : graph_.add_constant(weights_.take(bias, {structure_.width}));
    return append_out(heads, residual, name + ".to_out.0.weight", bias_id);
}

// residual + heads weight^T + bias
TensorId RoformerBlocks::append_out(TensorId heads, TensorId residual, const std::string& weight,
                                    TensorId bias) {
    const Shape shape = {structure_.width, structure_.heads * structure_.head_dim};
    return graph_.add(graph::Linear{},
                      {heads, graph_.add_constant(weights_.take(weight, shape)), bias, residual}, weight);
}

// Queries, keys, values, gates and mixing weights all come from the normed input: one product makes them.
RoformerBlocks::Projection RoformerBlocks::append_projection(TensorId x, const std::string& name) {
    const int64_t d = structure_.width;
    const int64_t heads = structure_.heads;
    Projection projection;
    projection.gates_at = 3 * heads * structure_.head_dim;
    std::vector<std::pair<std::string, Shape>> parts = {{name + ".to_qkv.weight", {projection.gates_at, d}},
                                                        {name + ".to_gates.weight", {heads, d}}};
    const bool mixes = weights_.has(name + ".to_value_residual_mix.weight");
    if (mixes) {
        projection.mix_at = projection.gates_at + heads;
        parts.emplace_back(name + ".to_value_residual_mix.weight", Shape{heads, d});
    }
    const int64_t rows = projection.gates_at + (mixes ? 2 : 1) * heads;
    const TensorId normed = append_norm(x, name + ".norm.gamma");
    const TensorId weight = graph_.add_constant(weights_.take_joined(parts, {rows, d}));
    const TensorId bias = graph_.add_constant(projection_bias(name, mixes ? heads : 0));
    projection.rows = graph_.add(graph::Linear{}, {normed, weight, bias, {}}, name + ".to_qkv.weight");
    return projection;
}

// Zero for q, k and v unless there are biases for them; mix: how many numbers the value residual adds.
graph::Constant RoformerBlocks::projection_bias(const std::string& name, int64_t mix) {
    const int64_t qkv = 3 * structure_.heads * structure_.head_dim;
    const int64_t heads = structure_.heads;
    std::vector<std::pair<std::string, Shape>> parts;
    const std::string shared = shared_name(name + ".to_qkv.bias", {"linear_62_bias_0", "shared_qkv_bias"});
    if (!shared.empty()) parts.emplace_back(shared, Shape{qkv});
    parts.emplace_back(name + ".to_gates.bias", Shape{heads});
    if (mix > 0) parts.emplace_back(name + ".to_value_residual_mix.bias", Shape{mix});
    if (!shared.empty()) return weights_.take_joined(parts, {qkv + heads + mix});
    const graph::Constant rest = weights_.take_joined(parts, {heads + mix});
    const auto fill = [fill_rest = rest.fill, qkv](std::span<float> out) {
        std::ranges::fill(out.first(qkv), 0.0f);
        fill_rest(out.subspan(qkv));
    };
    return {rest.name, {qkv + heads + mix}, fill};
}

// The layer's own weight, else the first of the shared ones that exists, else "".
std::string RoformerBlocks::shared_name(const std::string& own, const std::vector<std::string>& shared) {
    for (const std::string& name : shared)
        if (weights_.has(name)) weights_.ignore(name);  // stored under every layer's name as well
    if (weights_.has(own)) return own;
    const auto found =
        std::ranges::find_if(shared, [this](const std::string& name) { return weights_.has(name); });
    return found == shared.end() ? "" : *found;
}

// Where attention finds its values: in the projection itself, or mixed with those of the first block.
TensorId RoformerBlocks::values_of(const Projection& projection, Axis axis, const std::string& name) {
    const int64_t width = structure_.heads * structure_.head_dim;
    const auto slice = [&](int64_t first, int64_t count) {
        return graph_.add(graph::Slice{2, first, count}, {projection.rows}, name + ".values");
    };
    if (projection.mix_at > 0 && first_values_[axis].is_present())
        return graph_.add(
            graph::ValueMix{structure_.heads},
            {slice(2 * width, width), first_values_[axis], slice(projection.mix_at, structure_.heads)},
            name + ".to_value_residual_mix");
    const bool is_needed_later = weights_.has(prefix_ + "1.0.layers.0.0.to_value_residual_mix.weight");
    if (!first_values_[axis].is_present() && is_needed_later) first_values_[axis] = slice(2 * width, width);
    return projection.rows;
}

// One embedding per axis, stored again under every layer.
TensorId RoformerBlocks::position_table(const std::string& name, Axis axis, int64_t length) {
    if (!tables_[axis].is_present())
        tables_[axis] = graph_.add_constant(make_position_table(name, axis, length));
    for (const char* stored : {".rotary_embed.freqs", ".pope_embed.inv_freqs", ".pope_embed.bias"})
        if (weights_.has(name + stored)) weights_.ignore(name + stored);
    return tables_[axis];
}

graph::Constant RoformerBlocks::make_position_table(const std::string& name, Axis axis, int64_t length) {
    const int64_t dim = structure_.head_dim;
    const std::string suffix = axis == kTime ? "time" : "freq";
    if (weights_.has("cos_emb_" + suffix))
        return learned_rotary_table(name, length, dim,
                                    weights_.take_values("cos_emb_" + suffix, {length, dim}),
                                    weights_.take_values("sin_emb_" + suffix, {length, dim}));
    if (weights_.has(name + ".pope_embed.inv_freqs")) {
        position_ = Attention::Position::polar;
        return polar_table(name, length, structure_.heads, dim,
                           weights_.take_values(name + ".pope_embed.inv_freqs", {dim}),
                           weights_.take_values(name + ".pope_embed.bias", {structure_.heads, dim}));
    }
    const std::string frequencies = name + ".rotary_embed.freqs";
    const int64_t turned = structure_.rotary_dim > 0 ? structure_.rotary_dim : dim;
    return rotary_table(name, length, dim,
                        weights_.has(frequencies) ? weights_.take_values(frequencies, {turned / 2})
                                                  : nominal_rotary_frequencies(turned));
}

TensorId RoformerBlocks::append_linear_attention(TensorId x, const std::string& name) {
    const int64_t width = structure_.heads * structure_.head_dim;
    const TensorId normed = append_norm(x, name + ".norm.gamma");
    const TensorId weight =
        graph_.add_constant(weights_.take(name + ".to_qkv.0.weight", {3 * width, structure_.width}));
    const TensorId qkv = graph_.add(graph::Linear{}, {normed, weight, {}, {}}, name + ".to_qkv.0.weight");
    const TensorId temperature =
        graph_.add_constant(weights_.take(name + ".temperature", {structure_.heads}));
    const TensorId heads =
        graph_.add(graph::LinearAttention{structure_.heads, structure_.head_dim}, {qkv, temperature}, name);
    return append_out(heads, x, name + ".to_out.1.weight", {});
}

// residual + share * feed-forward of x; `wide`: of its hidden layer.
TensorId RoformerBlocks::append_feed_forward(TensorId x, TensorId residual, const std::string& name,
                                             int64_t wide, float share) {
    const int64_t d = structure_.width;
    const TensorId normed = append_norm(x, name + ".net.0.gamma");
    const TensorId up = graph_.add_constant(weights_.take(name + ".net.1.weight", {wide, d}));
    const TensorId up_bias = graph_.add_constant(weights_.take(name + ".net.1.bias", {wide}));
    const TensorId down =
        graph_.add_constant(scaled(weights_.take(name + ".net.4.weight", {d, wide}), share));
    const TensorId down_bias = graph_.add_constant(scaled(weights_.take(name + ".net.4.bias", {d}), share));
    const TensorId hidden =
        graph_.add(graph::Linear{graph::Activation::gelu}, {normed, up, up_bias, {}}, name + ".net.1.weight");
    return graph_.add(graph::Linear{}, {hidden, down, down_bias, residual}, name + ".net.4.weight");
}

}  // namespace msst::model
