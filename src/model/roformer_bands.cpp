#include "model/roformer_bands.h"

#include "base/error.h"
#include "model/roformer_blocks.h"

namespace msst::model {
namespace {

using graph::Shape;
using graph::TensorId;
using Parts = std::vector<std::pair<std::string, Shape>>;

std::vector<int64_t> band_widths(const RoformerStructure& structure) {
    std::vector<int64_t> widths;
    for (const int64_t bins : structure.band_bins) widths.push_back(2 * structure.channels * bins);
    return widths;
}

int64_t sum(const std::vector<int64_t>& values) {
    int64_t total = 0;
    for (const int64_t value : values) total += value;
    return total;
}

// One linear layer per band; `name_of` gives a band's prefix, up to "weight" and "bias".
template <class NameOf>
TensorId append_band_linear(graph::Graph& graph, WeightReader& weights, TensorId x, graph::BandLinear op,
                            NameOf name_of) {
    Parts matrices;
    Parts biases;
    int64_t elements = 0;
    for (size_t band = 0; band < op.in_widths.size(); ++band) {
        const Shape shape = {op.out_widths[band], op.in_widths[band]};
        matrices.emplace_back(name_of(band) + "weight", shape);
        biases.emplace_back(name_of(band) + "bias", Shape{shape[0]});
        elements += graph::elements(shape);
    }
    const TensorId weight = graph.add_constant(weights.take_joined(matrices, {elements}));
    const TensorId bias = graph.add_constant(weights.take_joined(biases, {sum(op.out_widths)}));
    return graph.add(std::move(op), {x, weight, bias}, name_of(0));
}

}  // namespace

TensorId append_band_split(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                           TensorId features) {
    const auto name_of = [](size_t band) { return "band_split.to_features." + std::to_string(band) + "."; };
    const std::vector<int64_t> widths = band_widths(structure);
    const int64_t bands = std::ssize(widths);
    Parts gammas;
    for (size_t band = 0; band < widths.size(); ++band)
        gammas.emplace_back(name_of(band) + "0.gamma", Shape{widths[band]});
    const TensorId gamma = graph.add_constant(weights.take_joined(gammas, {sum(widths)}));
    const TensorId normed = graph.add(graph::BandNorm{widths}, {features, gamma}, "band_split.norm");
    const graph::BandLinear linear{widths, std::vector<int64_t>(widths.size(), structure.width)};
    const TensorId tokens =
        append_band_linear(graph, weights, normed, linear, [&](size_t band) { return name_of(band) + "1."; });
    return graph.add(graph::Reshape{{graph.shape(tokens)[0], bands, structure.width}}, {tokens},
                     "band_split");
}

TensorId append_mask(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                     TensorId tokens, int64_t stem) {
    const std::string head = "mask_estimators." + std::to_string(stem) + ".";
    const std::vector<int64_t> widths = band_widths(structure);
    if (weights.has(head + "norm.gamma")) {  // a head with blocks of its own
        RoformerStructure own = structure;
        believe_layer(own, weights, head + "layers.0.0.layers.0");
        own.has_transformer_norms = false;
        own.skip_connection = false;
        own.linear_layers = 0;
        own.time_layers = own.frequency_layers = 1;
        int64_t depth = 0;
        while (weights.has(head + "layers." + std::to_string(depth) + ".0.layers.0.0.norm.gamma")) ++depth;
        tokens = RoformerBlocks(graph, weights, own, head + "layers.").append(tokens, depth);
        const TensorId gamma = graph.add_constant(weights.take(head + "norm.gamma", {structure.width}));
        tokens = graph.add(graph::RmsNorm{}, {tokens, gamma}, head + "norm");
    }
    const Shape shape = graph.shape(tokens);
    TensorId x = graph.add(graph::Reshape{{shape[0], shape[1] * shape[2]}}, {tokens}, head);
    for (int64_t layer = 0; layer < structure.mask_layers; ++layer) {
        const bool is_first = layer == 0;
        const bool is_last = layer == structure.mask_layers - 1;
        graph::BandLinear linear;
        linear.activation = is_last ? graph::Activation::none : graph::Activation::tanh;
        for (const int64_t width : widths) {
            linear.in_widths.push_back(is_first ? structure.width : structure.mask_width);
            linear.out_widths.push_back(is_last ? 2 * width : structure.mask_width);
        }
        x = append_band_linear(graph, weights, x, std::move(linear), [&](size_t band) {
            return head + "to_freqs." + std::to_string(band) + ".0." + std::to_string(2 * layer) + ".";
        });
    }
    return graph.add(graph::BandGlu{widths}, {x}, head + "glu");
}

std::vector<int> chosen_stems(const NetworkOptions& options, const RoformerStructure& structure,
                              WeightReader& weights) {
    std::vector<int> stems;
    if (!options.stems || structure.stems == 1) {
        for (int stem = 0; stem < structure.stems; ++stem) stems.push_back(stem);
        return stems;
    }
    for (const int stem : *options.stems)
        if (stem < 0 || stem >= structure.stems)
            throw Error(ErrorCode::invalid_input, "stem " + std::to_string(stem) +
                                                      " is wanted of a network with " +
                                                      std::to_string(structure.stems));
    for (int stem = 0; stem < structure.stems; ++stem)
        weights.ignore_prefix("mask_estimators." + std::to_string(stem) + ".");
    return *options.stems;
}

TensorId append_trunk(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                      TensorId tokens) {
    RoformerBlocks blocks(graph, weights, structure, "layers.");
    const auto sinks = weights.shape("sink_tokens");
    if (!sinks) return blocks.append(tokens, structure.depth);
    const Shape shape = graph.shape(tokens);
    const TensorId sink =
        graph.add_constant(weights.take("sink_tokens", {sinks->front(), shape[1], shape[2]}));
    const TensorId x =
        blocks.append(graph.add(graph::Concat{}, {sink, tokens}, "sink_tokens"), structure.depth);
    return graph.add(graph::Slice{0, sinks->front(), shape[0]}, {x}, "sink_tokens");
}

void finish_network(Network& network, const RoformerStructure& structure,
                    const std::vector<TensorId>& stems) {
    for (const TensorId stem : stems) network.graph.add_output(stem);
    network.channels = structure.channels;
    network.stems = std::ssize(stems);
    network.chunk_frames = structure.chunk_frames;
    network.warnings = structure.warnings;
}

}  // namespace msst::model
