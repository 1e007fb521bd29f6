#include "model/apollo.h"

#include <numeric>

#include "base/error.h"
#include "model/limited.h"
#include "model/position_tables.h"
#include "model/reordered_weights.h"

namespace msst::model {
namespace {

using graph::Activation;
using graph::Shape;
using graph::TensorId;

constexpr int64_t kApolloBands = 80;
constexpr int64_t kApolloHeads = 8;
constexpr int64_t kConvolutions = 3;  // in a layer
constexpr int64_t kKernel = 7;
constexpr int64_t kStoredPositions = 100;  // of the rotary tables
constexpr float kNormEpsilon = 1e-5f;
constexpr int64_t kMaxFeatures = 16'384;
constexpr int64_t kMaxLayers = 1024;

struct Structure {
    int64_t channels = 2;
    int64_t chunk_frames = 0;
    graph::StftFrame frame;
    std::vector<int64_t> band_bins;
    int64_t width = 0;  // numbers per token
    int64_t layers = 0;
};

// A window of `win` milliseconds, half of it from one frame to the next.
graph::StftFrame read_apollo_frame(const ConfigSection& model) {
    const int64_t rate = limited("model.sr", model.integer("sr"), 1, 1'000'000);
    const int64_t milliseconds = limited("model.win", model.integer("win"), 1, 10'000);
    graph::StftFrame frame;
    frame.n_fft = frame.window_length =
        limited("win in samples", rate * milliseconds / 1000, 2 * kApolloBands, kMaxFftSize);
    if (frame.n_fft % 2 != 0)
        throw Error(ErrorCode::invalid_input, "'model.win' in the configuration gives a window of " +
                                                  std::to_string(frame.n_fft) + " samples, which is odd");
    frame.hop = frame.n_fft / 2;
    return frame;
}

std::string band_net(int64_t layer) {
    return "net." + std::to_string(layer) + ".band_net.";
}

// What the weights say wins over the configuration.
void believe_weights(Structure& s, const WeightReader& weights, std::vector<std::string>& warnings) {
    const auto believe = [&](const char* what, int64_t& said, int64_t stored) {
        if (stored == 0 || stored == said) return;
        warnings.push_back(std::string(what) + ": the configuration says " + std::to_string(said) +
                           ", the weights say " + std::to_string(stored) + " and are believed");
        said = stored;
    };
    if (const auto shape = weights.shape("BN.0.1.weight"); shape && !shape->empty())
        believe("feature_dim", s.width, shape->front());
    int64_t layers = 0;
    while (layers < kMaxLayers && weights.has(band_net(layers) + "input_norm.weight")) ++layers;
    believe("layer", s.layers, layers);
}

Structure read_structure(const ModelConfig& config, const WeightReader& weights,
                         std::vector<std::string>& warnings) {
    Structure s;
    s.channels = config.channels.value_or(2);
    s.frame = read_apollo_frame(config.model);
    s.band_bins.assign(kApolloBands - 1, s.frame.n_fft / (2 * kApolloBands));
    s.band_bins.push_back(s.frame.bins() - (kApolloBands - 1) * s.band_bins.front());
    s.width = limited("model.feature_dim", config.model.integer("feature_dim"), 1, kMaxFeatures);
    s.layers = limited("model.layer", config.model.integer("layer"), 1, kMaxLayers);
    believe_weights(s, weights, warnings);
    if (s.width % (2 * kApolloHeads) != 0)
        throw Error(ErrorCode::invalid_input, "'model.feature_dim' is " + std::to_string(s.width) +
                                                  ", which is no multiple of " +
                                                  std::to_string(2 * kApolloHeads));
    if (!config.chunk_frames)
        throw Error(ErrorCode::invalid_input, "'audio.chunk_size' in the configuration is missing");
    s.chunk_frames = *config.chunk_frames;
    if (s.chunk_frames <= s.frame.n_fft / 2)
        throw Error(ErrorCode::invalid_input, "a chunk has " + std::to_string(s.chunk_frames) +
                                                  " samples, it must have more than half of the " +
                                                  std::to_string(s.frame.n_fft) + " of a Fourier transform");
    return s;
}

// Where the numbers (bin, re/im) of a band are among its numbers (re/im, bin).
std::vector<int64_t> interleaved(int64_t bins, int64_t first = 0) {
    std::vector<int64_t> order;
    for (int64_t i = 0; i < 2 * bins; ++i) order.push_back(first + i % 2 * bins + i / 2);
    return order;
}

class ApolloBuilder {
public:
    ApolloBuilder(graph::Graph& graph, WeightReader& weights, const Structure& structure)
        : graph_(graph), weights_(weights), s_(structure) {}

    // song [channels, samples] -> the same, restored
    TensorId append(TensorId song) {
        const TensorId spectrum = graph_.add(graph::Stft{s_.frame}, {song}, "stft");
        const Shape shape = graph_.shape(spectrum);  // [frames, bins, channels, 2]
        TensorId x = graph_.add(graph::Permute{{0, 2, 1, 3}}, {spectrum}, "bands");
        x = graph_.add(graph::Reshape{{shape[0] * shape[2], shape[1] * shape[3]}}, {x}, "bands");
        x = append_band_split(x);
        for (int64_t layer = 0; layer < s_.layers; ++layer) {
            x = append_band_attention(x, band_net(layer));
            x = append_convolutions(x, "net." + std::to_string(layer) + ".seq_net.blocks.");
        }
        x = append_output(x);
        x = graph_.add(graph::Reshape{{shape[0], shape[2], shape[1], shape[3]}}, {x}, "output");
        x = graph_.add(graph::Permute{{0, 2, 1, 3}}, {x}, "output");
        return graph_.add(graph::Istft{s_.frame, s_.chunk_frames}, {x}, "istft");
    }

private:
    // [frames * channels, 2 * bins] -> tokens [frames * channels, bands, width]
    TensorId append_band_split(TensorId x) {
        graph::BandLevel level;
        graph::BandLinear linear;
        std::vector<ReorderedWeight> gammas;
        std::vector<ReorderedWeight> matrices;
        Parts biases;
        int64_t elements = 0;
        for (size_t band = 0; band < s_.band_bins.size(); ++band) {
            const std::string name = "BN." + std::to_string(band) + ".";
            const int64_t in = 2 * s_.band_bins[band] + 1;
            std::vector<int64_t> order = interleaved(s_.band_bins[band]);
            order.push_back(in - 1);  // the level
            level.widths.push_back(in - 1);
            linear.in_widths.push_back(in);
            linear.out_widths.push_back(s_.width);
            gammas.push_back({name + "0.weight", {in}, 0, order});
            matrices.push_back({name + "1.weight", {s_.width, in}, 1, order});
            biases.emplace_back(name + "1.bias", Shape{s_.width});
            elements += in;
        }
        const TensorId gamma = graph_.add_constant(take_reordered(weights_, gammas, {elements}));
        const TensorId weight =
            graph_.add_constant(take_reordered(weights_, matrices, {elements * s_.width}));
        const TensorId bias = graph_.add_constant(weights_.take_joined(biases, {kApolloBands * s_.width}));
        x = graph_.add(level, {x}, "BN");
        x = graph_.add(graph::BandNorm{linear.in_widths, kNormEpsilon}, {x, gamma}, "BN.norm");
        x = graph_.add(linear, {x, weight, bias}, "BN.linear");
        return graph_.add(graph::Reshape{{graph_.shape(x)[0], kApolloBands, s_.width}}, {x}, "BN");
    }

    TensorId append_norm(TensorId x, const std::string& name) {
        const TensorId gamma = graph_.add_constant(weights_.take(name, {s_.width}));
        return graph_.add(graph::RmsNorm{.floor = 0, .epsilon = kNormEpsilon}, {x, gamma}, name);
    }

    // Among the bands of every frame and channel; then a gated feed-forward.
    TensorId append_band_attention(TensorId x, const std::string& name) {
        const int64_t d = s_.width;
        TensorId y = append_norm(x, name + "input_norm.weight");
        const TensorId weight = graph_.add_constant(
            take_reordered(weights_, {{name + "weight.weight", {3 * d, d}, 0, heads_last()}}, {3 * d, d}));
        y = graph_.add(graph::Linear{}, {y, weight, {}, {}}, name + "weight");
        graph::Attention attention{.heads = kApolloHeads, .head_dim = d / kApolloHeads, .sequence_axis = 1};
        attention.k_at = d;
        attention.v_at = 2 * d;
        attention.position = graph::Attention::Position::rotary;
        y = graph_.add(attention, {y, y, {}, graph_.add_constant(position_table(name))}, name + "attention");
        const TensorId out = graph_.add_constant(weights_.take(name + "output.weight", {d, d}));
        x = graph_.add(graph::Linear{}, {y, out, {}, x}, name + "output");
        return append_feed_forward(x, name);
    }

    // The gate is the first half of the product, and x * sigmoid(x) twice over; the graph's is the second
    // half.
    TensorId append_feed_forward(TensorId x, const std::string& name) {
        const int64_t d = s_.width;
        const int64_t wide = 4 * d;
        std::vector<int64_t> swapped(2 * wide);
        for (int64_t i = 0; i < 2 * wide; ++i) swapped[i] = (i + wide) % (2 * wide);
        const TensorId up = graph_.add_constant(
            take_reordered(weights_, {{name + "MLP.1.weight", {2 * wide, d}, 0, swapped}}, {2 * wide, d}));
        const TensorId down = graph_.add_constant(weights_.take(name + "MLP_output.weight", {d, wide}));
        TensorId y = append_norm(x, name + "MLP.0.weight");
        y = graph_.add(graph::Linear{Activation::silu}, {y, up, {}, {}}, name + "MLP.1");
        y = graph_.add(graph::Glu{/*axis=*/2, graph::Glu::Gate::silu}, {y}, name + "MLP");
        return graph_.add(graph::Linear{}, {y, down, {}, x}, name + "MLP_output");
    }

    // The checkpoint has the rows (head, qkv, number), attention wants (qkv, head, number).
    std::vector<int64_t> heads_last() const {
        const int64_t dim = s_.width / kApolloHeads;
        std::vector<int64_t> order;
        for (int64_t part = 0; part < 3; ++part)
            for (int64_t head = 0; head < kApolloHeads; ++head)
                for (int64_t i = 0; i < dim; ++i) order.push_back((head * 3 + part) * dim + i);
        return order;
    }

    graph::Constant position_table(const std::string& name) {
        const int64_t dim = s_.width / kApolloHeads;
        if (!weights_.has(name + "cos_freq"))
            return rotary_table(name, kApolloBands, dim, nominal_rotary_frequencies(dim));
        const auto first = [&](const std::string& weight) {
            return [values = weights_.take_values(weight, {kStoredPositions, dim}), dim] {
                std::vector<float> table = values();
                table.resize(kApolloBands * dim);
                return table;
            };
        };
        return learned_rotary_table(name, kApolloBands, dim, first(name + "cos_freq"),
                                    first(name + "sin_freq"));
    }

    // Along the frames of every band and channel.
    TensorId append_convolutions(TensorId x, const std::string& prefix) {
        const Shape tokens = graph_.shape(x);
        const int64_t d = s_.width;
        x = graph_.add(graph::Reshape{{tokens[0] / s_.channels, s_.channels * kApolloBands, d}}, {x}, prefix);
        for (int64_t i = 0; i < kConvolutions; ++i) {
            const std::string name = prefix + std::to_string(i) + ".conv.";
            const TensorId taps = graph_.add_constant(weights_.take(name + "0.weight", {d, kKernel}));
            TensorId y = graph_.add(graph::DepthwiseConvolution{/*axis=*/0},
                                    {x, taps, constant(name + "0.bias", {d})}, name + "0");
            y = append_norm(y, name + "1.weight");
            y = graph_.add(
                graph::Linear{Activation::silu},
                {y, constant(name + "2.weight", {4 * d, d}), constant(name + "2.bias", {4 * d}), {}},
                name + "2");
            x = graph_.add(graph::Linear{},
                           {y, constant(name + "4.weight", {d, 4 * d}), constant(name + "4.bias", {d}), x},
                           name + "4");
        }
        return graph_.add(graph::Reshape{tokens}, {x}, prefix);
    }

    TensorId constant(const std::string& name, const Shape& shape) {
        return graph_.add_constant(weights_.take(name, shape));
    }

    // tokens -> [frames * channels, 2 * bins]
    TensorId append_output(TensorId x) {
        const int64_t d = s_.width;
        graph::BandLinear linear{std::vector<int64_t>(kApolloBands, d), {}};
        graph::BandGlu glu;
        Parts gammas;
        std::vector<ReorderedWeight> matrices;
        std::vector<ReorderedWeight> biases;
        for (size_t band = 0; band < s_.band_bins.size(); ++band) {
            const std::string name = "output." + std::to_string(band) + ".";
            const int64_t out = 4 * s_.band_bins[band];
            std::vector<int64_t> order = interleaved(s_.band_bins[band]);
            const std::vector<int64_t> gates = interleaved(s_.band_bins[band], out / 2);
            order.insert(order.end(), gates.begin(), gates.end());
            linear.out_widths.push_back(out);
            glu.widths.push_back(out / 2);
            gammas.emplace_back(name + "0.weight", Shape{d});
            matrices.push_back({name + "1.weight", {out, d}, 0, order});
            biases.push_back({name + "1.bias", {out}, 0, order});
        }
        const int64_t outs = std::accumulate(linear.out_widths.begin(), linear.out_widths.end(), int64_t{0});
        const TensorId gamma = graph_.add_constant(weights_.take_joined(gammas, {kApolloBands * d}));
        const TensorId weight = graph_.add_constant(take_reordered(weights_, matrices, {outs * d}));
        const TensorId bias = graph_.add_constant(take_reordered(weights_, biases, {outs}));
        x = graph_.add(graph::Reshape{{graph_.shape(x)[0], kApolloBands * d}}, {x}, "output");
        x = graph_.add(graph::BandNorm{linear.in_widths, kNormEpsilon}, {x, gamma}, "output.norm");
        x = graph_.add(linear, {x, weight, bias}, "output.linear");
        return graph_.add(glu, {x}, "output.glu");
    }

    using Parts = std::vector<std::pair<std::string, Shape>>;

    graph::Graph& graph_;
    WeightReader& weights_;
    const Structure& s_;
};

}  // namespace

Network build_apollo(const ModelConfig& config, WeightReader& weights, const NetworkOptions&) {
    Network network;
    const Structure structure = read_structure(config, weights, network.warnings);
    const TensorId song = network.graph.add_input({structure.channels, structure.chunk_frames});
    network.graph.add_output(ApolloBuilder(network.graph, weights, structure).append(song));
    network.channels = structure.channels;
    network.stems = 1;
    network.chunk_frames = structure.chunk_frames;
    return network;
}

}  // namespace msst::model
