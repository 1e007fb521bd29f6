#include "model/scnet.h"

#include "base/error.h"
#include "model/scnet_blocks.h"
#include "model/scnet_structure.h"

namespace msst::model {
namespace {

using graph::Shape;
using graph::TensorId;

// [channels, samples] -> [1, bins, frames, (channel, re / im)]
TensorId append_spectrum(graph::Graph& graph, const ScnetStructure& s, TensorId song) {
    const TensorId padded = graph.add(graph::Pad{{0, 0}, {0, s.padding()}}, {song}, "padding");
    const TensorId spectrum = graph.add(graph::Stft{s.frame}, {padded}, "stft");
    const Shape shape = graph.shape(spectrum);  // [frames, bins, channels, 2]
    const TensorId bins_first = graph.add(graph::Permute{{1, 0, 2, 3}}, {spectrum}, "stft");
    return graph.add(graph::Reshape{{1, shape[1], shape[0], 2 * shape[2]}}, {bins_first}, "stft");
}

// [1, bins, frames, (source, channel, re / im)] -> [sources, channels, samples]
TensorId append_song(graph::Graph& graph, const ScnetStructure& s, TensorId spectrum) {
    const Shape shape = graph.shape(spectrum);
    const Shape complex = {shape[1], shape[2], shape[3] / 2, 2};
    const TensorId pairs = graph.add(graph::Reshape{complex}, {spectrum}, "istft");
    const TensorId frames_first = graph.add(graph::Permute{{1, 0, 2, 3}}, {pairs}, "istft");
    const TensorId songs = graph.add(graph::Istft{s.frame, s.chunk_frames}, {frames_first}, "istft");
    return graph.add(graph::Reshape{{complex[2] / s.channels, s.channels, s.chunk_frames}}, {songs}, "stems");
}

TensorId append_masking(graph::Graph& graph, TensorId mixture, TensorId mask) {
    const int64_t sources = graph.shape(mask)[kScnetChannels] / graph.shape(mixture)[kScnetChannels];
    const TensorId mixtures =
        graph.add(graph::Concat{kScnetChannels}, std::vector<TensorId>(sources, mixture), "mask");
    Shape pairs = graph.shape(mask);
    pairs.back() /= 2;
    pairs.push_back(2);
    const TensorId masked = graph.add(graph::ComplexMultiply{},
                                      {graph.add(graph::Reshape{pairs}, {mixtures}, "mask"),
                                       graph.add(graph::Reshape{pairs}, {mask}, "mask")},
                                      "mask");
    return graph.add(graph::Reshape{graph.shape(mask)}, {masked}, "mask");
}

// The channels of the wanted sources; all of them without a wish.
TensorId append_choice(graph::Graph& graph, const ScnetStructure& s, const NetworkOptions& options,
                       TensorId x) {
    if (!options.stems || s.sources == 1) return x;
    const int64_t width = s.widths[0];
    std::vector<TensorId> chosen;
    for (const int stem : *options.stems) {
        if (stem < 0 || stem >= s.sources)
            throw Error(
                ErrorCode::invalid_input,
                "stem " + std::to_string(stem) + " is wanted of a network with " + std::to_string(s.sources));
        chosen.push_back(graph.add(graph::Slice{kScnetChannels, stem * width, width}, {x}, "stems"));
    }
    return graph.add(graph::Concat{kScnetChannels}, chosen, "stems");
}

Network build(ScnetKind kind, const ModelConfig& config, WeightReader& weights,
              const NetworkOptions& options) {
    const ScnetStructure s = read_scnet_structure(config, kind);
    Network network;
    graph::Graph& graph = network.graph;
    ScnetBlocks blocks(graph, weights, s);
    const TensorId song = graph.add_input({s.channels, s.chunk_frames});
    const TensorId mixture = append_spectrum(graph, s, song);
    TensorId x = kind == ScnetKind::masked ? blocks.append_frequency_embedding(mixture) : mixture;
    std::vector<ScnetBlocks::Skip> skips(s.levels());
    for (int64_t level = 0; level < s.levels(); ++level)
        x = blocks.append_encoder_level(x, level, skips[level]);
    x = blocks.append_separation(x);
    for (int64_t level = s.levels() - 1; level >= 0; --level)
        x = blocks.append_decoder_level(x, level, skips[level]);
    if (kind == ScnetKind::masked) x = blocks.append_mask_head(x);
    x = append_choice(graph, s, options, x);
    if (kind == ScnetKind::masked) x = append_masking(graph, mixture, x);
    x = append_song(graph, s, x);
    graph.add_output(x);
    network.channels = s.channels;
    network.stems = graph.shape(x)[0];
    network.chunk_frames = s.chunk_frames;
    return network;
}

}  // namespace

Network build_scnet(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    for (const char* key : {"tran_depth", "tran_heads", "tran_dim_head", "tran_rotary_embedding_dim"})
        if (config.model.has(key)) return build_scnet_tran(config, weights, options);
    return build(ScnetKind::plain, config, weights, options);
}

Network build_scnet_masked(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    return build(ScnetKind::masked, config, weights, options);
}

Network build_scnet_tran(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    config.model.ignore({"expand"});
    weights.ignore("first_conv.weight");  // made, never used
    return build(ScnetKind::transformers, config, weights, options);
}

}  // namespace msst::model
