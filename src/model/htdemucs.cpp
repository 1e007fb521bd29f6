#include "model/htdemucs.h"

#include <numeric>

#include "base/error.h"
#include "model/demucs_layers.h"
#include "model/demucs_transformer.h"

namespace msst::model {
namespace {

using graph::Shape;
using graph::Standardize;
using graph::TensorId;

// Frames of the spectrogram that lie in the padding at either end and are not used.
constexpr int64_t kSpareFrames = 2;

class HtdemucsBuilder {
public:
    HtdemucsBuilder(Network& network, WeightReader& weights, const DemucsStructure& structure)
        : graph_(network.graph),
          structure_(structure),
          levels_(structure.levels()),
          layers_(graph_, weights, structure),
          transformer_(graph_, weights, structure) {}

    // [sources, channels, chunk_frames]
    TensorId build(const std::vector<int>& sources) {
        const TensorId song = graph_.add_input({structure_.audio_channels, structure_.chunk_frames});
        const TensorId x = append_spectrum(song);
        const TensorId moments = graph_.add(graph::Moments{}, {x}, "moments");
        const TensorId moments_t = graph_.add(graph::Moments{}, {song}, "moments_t");
        TensorId t = graph_.add(Standardize{}, {song, moments_t}, "standardize_t");
        t = graph_.add(graph::Permute{{1, 0}}, {t}, "waveform");
        t = graph_.add(graph::Reshape{{1, 1, structure_.chunk_frames, structure_.audio_channels}}, {t},
                       "waveform");
        encode(graph_.add(Standardize{}, {x, moments}, "standardize"), t);
        decode();
        return append_sum(x_, moments, t_, moments_t, sources);
    }

private:
    // [1, bins / subbands, frames, 2 * channels * subbands]: re and im of each channel.
    TensorId append_spectrum(TensorId song) {
        const int64_t bins = structure_.n_fft / 2;
        const TensorId padded = structure_.pads_with_zeros ? append_zeros(song) : append_reflection(song);
        TensorId x = graph_.add(graph::Stft{frame()}, {padded}, "stft");  // [frames, bins, channels, 2]
        x = graph_.add(graph::Slice{0, kSpareFrames, structure_.frames()}, {x}, "stft.frames");
        x = graph_.add(graph::Slice{1, 0, bins}, {x}, "stft.bins");
        const int64_t parts = 2 * structure_.audio_channels;
        const int64_t band = bins / structure_.subbands;
        x = graph_.add(graph::Reshape{{structure_.frames(), structure_.subbands, band, parts}}, {x},
                       "stft.subbands");
        x = graph_.add(graph::Permute{{2, 0, 3, 1}}, {x}, "stft.channels");
        return graph_.add(graph::Reshape{{1, band, structure_.frames(), parts * structure_.subbands}}, {x},
                          "stft.channels");
    }

    graph::StftFrame frame() const {
        return {structure_.n_fft, structure_.hop(), structure_.n_fft, graph::Window::hann, true};
    }

    int64_t pad() const { return structure_.hop() / 2 * 3; }

    // Padding behind the chunk, up to whole hops and then as much as in front.
    int64_t end_pad() const {
        return pad() + structure_.frames() * structure_.hop() - structure_.chunk_frames;
    }

    TensorId append_zeros(TensorId song) {
        return graph_.add(graph::Pad{{0, pad()}, {0, end_pad()}}, {song}, "stft.pad");
    }

    // The chunk is mirrored at its ends, which are not repeated.
    TensorId append_reflection(TensorId song) {
        const int64_t last = structure_.chunk_frames - 1;
        std::vector<int64_t> indices;
        for (int64_t i = pad(); i > 0; --i) indices.push_back(i);
        for (int64_t i = 0; i <= last; ++i) indices.push_back(i);
        for (int64_t i = 1; i <= end_pad(); ++i) indices.push_back(last - i);
        const int64_t length = std::ssize(indices);
        TensorId x = graph_.add(graph::Reshape{{structure_.audio_channels, last + 1, 1}}, {song}, "stft.pad");
        x = graph_.add(graph::Gather{std::move(indices)}, {x}, "stft.pad");
        return graph_.add(graph::Reshape{{structure_.audio_channels, length}}, {x}, "stft.pad");
    }

    void encode(TensorId x, TensorId t) {
        for (int64_t i = 0; i < std::ssize(levels_); ++i) {
            const DemucsLevel& level = levels_[i];
            frames_.push_back(graph_.shape(x)[2]);
            TensorId injected;
            if (level.has_bins) {
                samples_.push_back(graph_.shape(t)[2]);
                t = layers_.append_time_encoder(t, level, i);
                skips_t_.push_back(level.merges_bins ? TensorId() : t);
                if (level.merges_bins) injected = t;
            }
            x = layers_.append_encoder(x, level, i, injected);
            if (i == 0 && structure_.embedding_scale != 0) x = layers_.append_frequency_embedding(x);
            skips_.push_back(x);
        }
        if (!structure_.has_transformer) return;  // the decoder begins with zeros: skips alone
        const auto between = transformer_.append({x, t});
        x_ = between.spectrum;
        t_ = between.waveform;
    }

    void decode() {
        for (int64_t i = std::ssize(levels_) - 1; i >= 0; --i) {
            const DemucsLevel& level = levels_[i];
            const auto decoded = layers_.append_decoder(x_, skips_[i], level, i, frames_[i]);
            x_ = decoded.y;
            if (!level.has_bins) continue;
            // Where the branches part again, the time branch goes on from what was not upsampled yet.
            if (level.merges_bins) t_ = decoded.before_upsampling;
            t_ = layers_.append_time_decoder(t_, skips_t_[i], level, i, samples_[i]);
        }
    }

    // What both branches say of the wanted sources, back in the chunk's own level.
    TensorId append_sum(TensorId x, TensorId moments, TensorId t, TensorId moments_t,
                        const std::vector<int>& sources) {
        const int64_t channels = structure_.audio_channels;
        const int64_t bins = structure_.n_fft / 2;
        const int64_t count = std::ssize(sources);
        x = append_choice(x, sources, "spectrum.sources");
        x = graph_.add(Standardize{Standardize::Direction::inverse}, {x, moments}, "spectrum.level");
        x = graph_.add(graph::Reshape{{bins / structure_.subbands, structure_.frames(), count * channels * 2,
                                       structure_.subbands}},
                       {x}, "istft.subbands");
        x = graph_.add(graph::Permute{{1, 3, 0, 2}}, {x}, "istft.frames");
        x = graph_.add(graph::Reshape{{structure_.frames(), bins, count * channels, 2}}, {x}, "istft.frames");
        x = graph_.add(graph::Pad{{kSpareFrames, 0, 0, 0}, {kSpareFrames, 1, 0, 0}}, {x}, "istft.pad");
        const int64_t whole = structure_.frames() * structure_.hop();
        const int64_t begin = structure_.pads_with_zeros ? 0 : pad();
        x = graph_.add(graph::Istft{frame(), whole + 2 * begin}, {x}, "istft");
        x = graph_.add(graph::Slice{1, begin, structure_.chunk_frames}, {x}, "istft.crop");
        x = graph_.add(graph::Reshape{{count, channels, structure_.chunk_frames}}, {x}, "istft.crop");

        t = append_choice(t, sources, "waveform.sources");
        t = graph_.add(graph::Reshape{{structure_.chunk_frames, count * channels}}, {t}, "waveform.sources");
        t = graph_.add(graph::Permute{{1, 0}}, {t}, "waveform.sources");
        t = graph_.add(graph::Reshape{{count, channels, structure_.chunk_frames}}, {t}, "waveform.sources");
        t = graph_.add(Standardize{Standardize::Direction::inverse}, {t, moments_t}, "waveform.level");
        return graph_.add(graph::Add{}, {x, t}, "sum");
    }

    // The channels of some sources, in their order.
    TensorId append_choice(TensorId x, const std::vector<int>& sources, const std::string& name) {
        std::vector<int> all(structure_.sources);
        std::iota(all.begin(), all.end(), 0);
        if (sources == all) return x;
        std::vector<TensorId> parts;
        const int64_t width = graph_.shape(x)[3] / structure_.sources;
        for (const int source : sources)
            parts.push_back(graph_.add(graph::Slice{3, source * width, width}, {x}, name));
        return parts.size() == 1 ? parts[0] : graph_.add(graph::Concat{3}, parts, name);
    }

    graph::Graph& graph_;
    const DemucsStructure& structure_;
    std::vector<DemucsLevel> levels_;
    DemucsLayers layers_;
    DemucsTransformer transformer_;
    TensorId x_;  // the frequency branch in the decoder; absent: zeros
    TensorId t_;
    std::vector<TensorId> skips_;    // per level
    std::vector<TensorId> skips_t_;  // per level with bins; absent where the branches merge
    std::vector<int64_t> frames_;    // before each level
    std::vector<int64_t> samples_;
};

std::vector<int> chosen_sources(const NetworkOptions& options, const DemucsStructure& structure) {
    std::vector<int> all(structure.sources);
    std::iota(all.begin(), all.end(), 0);
    if (!options.stems || structure.sources == 1) return all;
    for (const int stem : *options.stems)
        if (stem < 0 || stem >= structure.sources)
            throw Error(ErrorCode::invalid_input, "stem " + std::to_string(stem) +
                                                      " is wanted of a network with " +
                                                      std::to_string(structure.sources));
    return *options.stems;
}

}  // namespace

Network build_htdemucs(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options) {
    const DemucsStructure structure = read_demucs_structure(config, weights);
    const std::vector<int> sources = chosen_sources(options, structure);
    Network network;
    network.graph.add_output(HtdemucsBuilder(network, weights, structure).build(sources));
    network.channels = structure.audio_channels;
    network.stems = std::ssize(sources);
    network.chunk_frames = structure.chunk_frames;
    network.warnings = structure.warnings;
    return network;
}

}  // namespace msst::model
