#include "model/mel_band_roformer.h"

#include "base/error.h"
#include "model/mel_bands.h"
#include "model/roformer_bands.h"

namespace msst::model {
namespace {

using graph::TensorId;

constexpr int64_t kDefaultMelMaskDepth = 1;
constexpr int64_t kDefaultBands = 60;
constexpr int64_t kMaxBands = 1024;
constexpr int64_t kDefaultWindow = 10;

struct MelStructure : RoformerStructure {
    std::vector<int64_t> bin_indices;  // bins of all bands, one band after another
};

MelStructure read_mel_structure(const ModelConfig& config, const WeightReader& weights, LayerKind said) {
    const LayerKind layer = find_layer_kind(weights, said);
    const MaskDepth mask_depth =
        layer.is_conformer ? MaskDepth::counts_layers : MaskDepth::counts_hidden_layers;
    MelStructure structure{read_roformer_structure(config, layer, mask_depth, kDefaultMelMaskDepth), {}};
    structure.has_transformer_norms = !layer.is_conformer;
    structure.window = config.model.integer("window_size", kDefaultWindow) / 2;
    config.model.ignore({"use_pope", "num_sink_tokens"});
    const int64_t bands = config.model.integer("num_bands", kDefaultBands);
    const int64_t rate = config.model.integer("sample_rate", 44100);
    if (bands < 1 || bands > kMaxBands || rate < 1 || rate > INT32_MAX)
        throw Error(ErrorCode::invalid_input, "a spectrum at " + std::to_string(rate) + " Hz in " +
                                                  std::to_string(bands) + " mel bands is impossible");
    for (const auto& bins : mel_bands(static_cast<int>(rate), structure.frame.n_fft, bands)) {
        structure.band_bins.push_back(std::ssize(bins));
        structure.bin_indices.insert(structure.bin_indices.end(), bins.begin(), bins.end());
    }
    const std::vector<int64_t> computed = structure.band_bins;
    believe_weights(structure, weights);
    if (structure.band_bins != computed)
        throw Error(ErrorCode::invalid_input, "the mel bands of the weights differ from those of " +
                                                  std::to_string(bands) + " bands at " +
                                                  std::to_string(rate) + " Hz");
    return structure;
}

Network build(const MelStructure& structure, WeightReader& weights, const NetworkOptions& options) {
    const std::vector<int64_t>& indices = structure.bin_indices;
    Network network;
    graph::Graph& graph = network.graph;
    const TensorId song = graph.add_input({structure.channels, structure.chunk_frames});
    const TensorId spectrum = graph.add(graph::Stft{structure.frame}, {song}, "stft");
    const graph::Shape shape = graph.shape(spectrum);  // [frames, bins, channels, 2]
    const int64_t bin_width = 2 * structure.channels;  // (channel, re/im)
    const TensorId rows =
        graph.add(graph::Reshape{{shape[0], shape[1], bin_width}}, {spectrum}, "band_split");
    const TensorId gathered = graph.add(graph::Gather{indices}, {rows}, "band_split");
    const TensorId features =
        graph.add(graph::Reshape{{shape[0], std::ssize(indices) * bin_width}}, {gathered}, "band_split");
    TensorId x = append_band_split(graph, weights, structure, features);
    x = append_trunk(graph, weights, structure, x);
    std::vector<TensorId> stems;
    for (const int stem : chosen_stems(options, structure, weights)) {
        TensorId mask = append_mask(graph, weights, structure, x, stem);
        mask = graph.add(graph::Reshape{{shape[0], std::ssize(indices), bin_width}}, {mask}, "mask");
        mask = graph.add(graph::ScatterMean{indices, shape[1]}, {mask}, "mask");
        mask = graph.add(graph::Reshape{shape}, {mask}, "mask");
        const TensorId masked = graph.add(graph::ComplexMultiply{}, {spectrum, mask}, "mask");
        stems.push_back(graph.add(graph::Istft{structure.frame, structure.chunk_frames, structure.zero_dc},
                                  {masked}, "istft"));
    }
    finish_network(network, structure, stems);
    return network;
}

}  // namespace

Network build_mel_band_roformer(const ModelConfig& config, WeightReader& weights,
                                const NetworkOptions& options) {
    refuse_unsupported_variants(weights);
    if (is_siamese(weights))
        throw Error(ErrorCode::invalid_input, "Siamese roformers with mel bands are not supported",
                    "unsupported_model");
    return build(read_mel_structure(config, weights, kTransformer), weights, options);
}

Network build_mel_band_conformer(const ModelConfig& config, WeightReader& weights,
                                 const NetworkOptions& options) {
    refuse_unsupported_variants(weights);
    return build(read_mel_structure(config, weights, kConformer), weights, options);
}

}  // namespace msst::model
