#include "model/bs_roformer.h"

#include "base/error.h"
#include "model/roformer_bands.h"
#include "model/roformer_blocks.h"

namespace msst::model {
namespace {

using graph::TensorId;

constexpr int64_t kDefaultBsMaskDepth = 2;

// 62 bands: 24 of 2 bins, 12 of 4, 8 each of 12, 24 and 48, then 128 and 129.
std::vector<int64_t> default_bands() {
    std::vector<int64_t> bands(24, 2);
    bands.insert(bands.end(), 12, 4);
    for (const int64_t bins : {12, 24, 48}) bands.insert(bands.end(), 8, bins);
    bands.insert(bands.end(), {128, 129});
    return bands;
}

RoformerStructure read_bs_structure(const ModelConfig& config, const WeightReader& weights, LayerKind said) {
    RoformerStructure structure = read_roformer_structure(config, find_layer_kind(weights, said),
                                                          MaskDepth::counts_layers, kDefaultBsMaskDepth);
    structure.band_bins =
        config.model.has("freqs_per_bands") ? config.model.integers("freqs_per_bands") : default_bands();
    config.model.ignore({"use_pope"});
    believe_weights(structure, weights);
    int64_t bins = 0;
    for (const int64_t band : structure.band_bins) {
        if (band < 1 || band > structure.frame.bins())
            throw Error(ErrorCode::invalid_input,
                        "a band of " + std::to_string(band) + " bins is impossible");
        bins += band;
    }
    if (bins != structure.frame.bins())
        throw Error(ErrorCode::invalid_input, "the bands have " + std::to_string(bins) +
                                                  " bins, the spectrum has " +
                                                  std::to_string(structure.frame.bins()));
    return structure;
}

// Tokens -> what the mask heads read.
TensorId append_normed_trunk(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                             TensorId tokens) {
    const TensorId gamma = graph.add_constant(weights.take("final_norm.gamma", {structure.width}));
    const auto norm = [&](TensorId x) { return graph.add(graph::RmsNorm{}, {x, gamma}, "final_norm"); };
    if (!is_siamese(weights)) return norm(append_trunk(graph, weights, structure, tokens));
    const auto streams =
        RoformerBlocks(graph, weights, structure, "layers.").append_siamese(tokens, structure.depth);
    return graph.add(graph::Add{}, {norm(streams.y), streams.x}, "final_norm");
}

Network build(const RoformerStructure& structure, WeightReader& weights, const NetworkOptions& options) {
    Network network;
    graph::Graph& graph = network.graph;
    const TensorId song = graph.add_input({structure.channels, structure.chunk_frames});
    const TensorId spectrum = graph.add(graph::Stft{structure.frame}, {song}, "stft");
    const graph::Shape shape = graph.shape(spectrum);  // [frames, bins, channels, 2]
    const TensorId features =
        graph.add(graph::Reshape{{shape[0], shape[1] * shape[2] * 2}}, {spectrum}, "band_split");
    TensorId x = append_band_split(graph, weights, structure, features);
    x = append_normed_trunk(graph, weights, structure, x);
    std::vector<TensorId> stems;
    for (const int stem : chosen_stems(options, structure, weights)) {
        const TensorId mask = append_mask(graph, weights, structure, x, stem);
        const TensorId shaped = graph.add(graph::Reshape{shape}, {mask}, "mask");
        const TensorId masked = graph.add(graph::ComplexMultiply{}, {spectrum, shaped}, "mask");
        stems.push_back(graph.add(graph::Istft{structure.frame, structure.chunk_frames, structure.zero_dc},
                                  {masked}, "istft"));
    }
    finish_network(network, structure, stems);
    return network;
}

}  // namespace

Network build_bs_roformer(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    refuse_unsupported_variants(weights);
    return build(read_bs_structure(config, weights, kTransformer), weights, options);
}

Network build_bs_conformer(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    refuse_unsupported_variants(weights);
    return build(read_bs_structure(config, weights, kConformer), weights, options);
}

}  // namespace msst::model
