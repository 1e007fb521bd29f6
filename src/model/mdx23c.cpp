#include "model/mdx23c.h"

#include <algorithm>

#include "base/error.h"
#include "model/mdx23c_blocks.h"

namespace msst::model {
namespace {

using graph::TensorId;

// From the song to [1, time, bins of a band, (channel, re/im, band)].
TensorId append_spectrum(graph::Graph& graph, const Mdx23cStructure& s, TensorId song) {
    const int64_t parts = 2 * s.channels;
    const int64_t band_bins = s.bins / s.bands;
    TensorId x = graph.add(graph::Stft{s.frame}, {song}, "stft");
    x = graph.add(graph::Slice{1, 0, s.bins}, {x}, "spectrum");
    x = graph.add(graph::Reshape{{s.time_steps(), s.bands, band_bins, parts}}, {x}, "spectrum");
    x = graph.add(graph::Permute{{0, 2, 3, 1}}, {x}, "spectrum");
    return graph.add(graph::Reshape{{1, s.time_steps(), band_bins, s.spectrum_channels()}}, {x}, "spectrum");
}

// The way back, for the stem at `place` of x, [1, time, bins of a band, (stem, channel, re/im, band)].
TensorId append_song(graph::Graph& graph, const Mdx23cStructure& s, TensorId x, int64_t place) {
    const int64_t parts = 2 * s.channels;
    x = graph.add(graph::Slice{3, place * s.spectrum_channels(), s.spectrum_channels()}, {x}, "stem");
    x = graph.add(graph::Reshape{{s.time_steps(), s.bins / s.bands, parts, s.bands}}, {x}, "stem");
    x = graph.add(graph::Permute{{0, 3, 1, 2}}, {x}, "stem");
    x = graph.add(graph::Reshape{{s.time_steps(), s.bins, s.channels, 2}}, {x}, "stem");
    x = graph.add(graph::Pad{{0, 0, 0, 0}, {0, s.frame.bins() - s.bins, 0, 0}}, {x}, "stem");
    return graph.add(graph::Istft{s.frame, s.chunk_frames}, {x}, "istft");
}

TensorId append_trunk(graph::Graph& graph, WeightReader& weights, const Mdx23cStructure& s, TensorId x) {
    Mdx23cBlocks blocks(graph, weights, s);
    std::vector<TensorId> skipped;
    int64_t width = s.width;
    for (int64_t scale = 0; scale < s.scales; ++scale) {
        const std::string name = "encoder_blocks." + std::to_string(scale) + ".";
        skipped.push_back(blocks.append_scale(x, width, name + "tfc_tdf."));
        width += s.growth;
        x = blocks.append_downscale(skipped.back(), width, name + "downscale.");
    }
    x = blocks.append_scale(x, width, "bottleneck_block.");
    for (int64_t scale = 0; scale < s.scales; ++scale) {
        const std::string name = "decoder_blocks." + std::to_string(scale) + ".";
        width -= s.growth;
        x = blocks.append_upscale(x, width, name + "upscale.");
        x = graph.add(graph::Concat{3}, {x, skipped.back()}, name + "concat");
        skipped.pop_back();
        x = blocks.append_scale(x, width, name + "tfc_tdf.");
    }
    return x;
}

// The rows of the last convolution that make the wanted stems.
graph::Constant take_stems(WeightReader& weights, const Mdx23cStructure& s, const std::vector<int>& stems) {
    const int64_t rows = s.spectrum_channels();
    const std::string name = "final_conv.2.weight";
    const auto values = weights.take_values(name, {s.stems * rows, s.width, 1, 1});
    return {name,
            {std::ssize(stems) * rows, s.width, 1, 1},
            [values, stems, count = rows * s.width](std::span<float> out) {
                const std::vector<float> all = values();
                for (size_t i = 0; i < stems.size(); ++i)
                    std::copy_n(all.begin() + stems[i] * count, count, out.begin() + i * count);
            }};
}

std::vector<int> wanted_stems(const NetworkOptions& options, const Mdx23cStructure& s) {
    std::vector<int> stems;
    if (options.stems && s.stems > 1) {
        stems = *options.stems;
    } else {
        for (int stem = 0; stem < s.stems; ++stem) stems.push_back(stem);
    }
    for (const int stem : stems)
        if (stem < 0 || stem >= s.stems)
            throw Error(
                ErrorCode::invalid_input,
                "stem " + std::to_string(stem) + " is wanted of a network with " + std::to_string(s.stems));
    return stems;
}

}  // namespace

Network build_mdx23c(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    const Mdx23cStructure s = read_mdx23c_structure(config, weights);
    for (const std::string& name : weights.names())
        if (name.ends_with(".num_batches_tracked")) weights.ignore(name);
    const std::vector<int> stems = wanted_stems(options, s);
    Network network;
    graph::Graph& graph = network.graph;
    Mdx23cBlocks blocks(graph, weights, s);
    const TensorId mix = append_spectrum(graph, s, graph.add_input({s.channels, s.chunk_frames}));
    const TensorId first = blocks.append_convolution(mix, s.width, 1, "first_conv.weight");
    TensorId x = append_trunk(graph, weights, s, first);
    x = graph.add(graph::Multiply{}, {x, first}, "final_conv");
    x = graph.add(graph::Concat{3}, {mix, x}, "final_conv");
    x = blocks.append_convolution(x, s.width, 1, "final_conv.0.weight", {}, s.activation);
    const TensorId last = graph.add_constant(take_stems(weights, s, stems));
    x = graph.add(graph::Convolution{.layout = graph::Layout::channels_last}, {x, last, {}, {}},
                  "final_conv.2");
    for (int64_t place = 0; place < std::ssize(stems); ++place)
        graph.add_output(append_song(graph, s, x, place));
    network.channels = s.channels;
    network.stems = std::ssize(stems);
    network.chunk_frames = s.chunk_frames;
    network.warnings = s.warnings;
    return network;
}

}  // namespace msst::model
