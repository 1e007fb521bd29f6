#include "model/demucs_sequences.h"

#include <algorithm>

#include "base/error.h"

namespace msst::model {
namespace {

using graph::Shape;
using graph::TensorId;

constexpr int64_t kPiece = 200;  // frames of one run of an LSTM
constexpr int64_t kStep = kPiece / 2;
constexpr int64_t kLocalHeads = 4;
constexpr int64_t kDecays = 4;

TensorId append_lstm_layer(graph::Graph& graph, WeightReader& weights, TensorId x, const std::string& name,
                           int64_t layer, int64_t hidden) {
    const int64_t in = graph.shape(x)[2];
    const std::string suffix = "_l" + std::to_string(layer);
    const auto both = [&](const std::string& kind, const Shape& shape, const Shape& joined) {
        return graph.add_constant(
            weights.take_joined({{name + "weight_" + kind + suffix, shape},
                                 {name + "weight_" + kind + suffix + "_reverse", shape}},
                                joined));
    };
    const Shape bias = {4 * hidden};
    const TensorId biases =
        graph.add_constant(weights.take_joined({{name + "bias_ih" + suffix, bias},
                                                {name + "bias_hh" + suffix, bias},
                                                {name + "bias_ih" + suffix + "_reverse", bias},
                                                {name + "bias_hh" + suffix + "_reverse", bias}},
                                               {2, 2, 4 * hidden}));
    const TensorId input_weight = both("ih", {4 * hidden, in}, {2, 4 * hidden, in});
    const TensorId hidden_weight = both("hh", {4 * hidden, hidden}, {2, 4 * hidden, hidden});
    return graph.add(graph::Lstm{.sequence_axis = 1}, {x, input_weight, hidden_weight, biases},
                     name + "l" + std::to_string(layer));
}

// Which frame of x (`frames` of them; beyond: the zero behind them) each frame of each piece is.
std::vector<int64_t> piece_indices(int64_t frames, int64_t pieces) {
    std::vector<int64_t> indices;
    for (int64_t piece = 0; piece < pieces; ++piece)
        for (int64_t i = 0; i < kPiece; ++i) indices.push_back(std::min(piece * kStep + i, frames));
    return indices;
}

// Where each frame is taken from in the pieces: the middle of a piece, the first's beginning, the last's end.
std::vector<int64_t> middle_indices(int64_t frames, int64_t pieces) {
    std::vector<int64_t> indices;
    for (int64_t t = 0; t < frames; ++t) {
        const int64_t piece = std::clamp<int64_t>((t - kStep / 2) / kStep, 0, pieces - 1);
        indices.push_back(piece * kPiece + t - piece * kStep);
    }
    return indices;
}

}  // namespace

TensorId append_demucs_lstm(graph::Graph& graph, WeightReader& weights, TensorId x, const std::string& name) {
    const Shape shape = graph.shape(x);
    const int64_t frames = shape[1];
    const int64_t width = shape[2];
    const int64_t pieces = frames > kPiece ? (frames + kStep - 1) / kStep : 1;
    TensorId y = x;
    if (pieces > 1) {
        y = graph.add(graph::Pad{{0, 0, 0}, {0, 1, 0}}, {y}, name + "pieces");
        y = graph.add(graph::Gather{piece_indices(frames, pieces)}, {y}, name + "pieces");
        y = graph.add(graph::Reshape{{shape[0] * pieces, kPiece, width}}, {y}, name + "pieces");
    }
    for (int64_t layer = 0; layer < 2; ++layer)
        y = append_lstm_layer(graph, weights, y, name + "lstm.", layer, width);
    const TensorId weight = graph.add_constant(weights.take(name + "linear.weight", {width, 2 * width}));
    const TensorId bias = graph.add_constant(weights.take(name + "linear.bias", {width}));
    if (pieces == 1) return graph.add(graph::Linear{}, {y, weight, bias, x}, name + "linear");
    y = graph.add(graph::Linear{}, {y, weight, bias, {}}, name + "linear");
    y = graph.add(graph::Reshape{{shape[0], pieces * kPiece, width}}, {y}, name + "middles");
    y = graph.add(graph::Gather{middle_indices(frames, pieces)}, {y}, name + "middles");
    return graph.add(graph::Add{}, {y, x}, name + "add");
}

TensorId append_demucs_attention(graph::Graph& graph, WeightReader& weights, TensorId x,
                                 const std::string& name) {
    const int64_t width = graph.shape(x)[2];
    if (width % kLocalHeads != 0)
        throw Error(ErrorCode::invalid_input, name + "content has " + std::to_string(width) +
                                                  " channels, no multiple of its " +
                                                  std::to_string(kLocalHeads) + " heads");
    const int64_t rates = kLocalHeads * kDecays;
    const Shape square = {width, width};
    const TensorId weight =
        graph.add_constant(weights.take_joined({{name + "query.weight", square},
                                                {name + "key.weight", square},
                                                {name + "content.weight", square},
                                                {name + "query_decay.weight", {rates, width}}},
                                               {3 * width + rates, width}));
    const TensorId bias = graph.add_constant(weights.take_joined({{name + "query.bias", {width}},
                                                                  {name + "key.bias", {width}},
                                                                  {name + "content.bias", {width}},
                                                                  {name + "query_decay.bias", {rates}}},
                                                                 {3 * width + rates}));
    const TensorId rows = graph.add(graph::Linear{}, {x, weight, bias, {}}, name + "projections");
    const TensorId y = graph.add(graph::LocalAttention{kLocalHeads, width / kLocalHeads, kDecays}, {rows},
                                 name + "attention");
    return graph.add(graph::Linear{},
                     {y, graph.add_constant(weights.take(name + "proj.weight", square)),
                      graph.add_constant(weights.take(name + "proj.bias", {width})), x},
                     name + "proj");
}

graph::Constant scaled_half(WeightReader& weights, const std::string& name, const std::string& scale,
                            int64_t channels) {
    const auto values = weights.take_values(name, {2 * channels});
    const auto factors = weights.take_values(scale, {channels});
    return {name, {2 * channels}, [values, factors, channels](std::span<float> out) {
                std::ranges::copy(values(), out.begin());
                const std::vector<float> by = factors();
                for (int64_t c = 0; c < channels; ++c) out[c] *= by[c];
            }};
}

}  // namespace msst::model
