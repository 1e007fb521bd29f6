#include "model/batch_norm.h"

#include <cmath>

namespace msst::model {
namespace {

constexpr float kBatchNormEpsilon = 1e-5f;  // nn.BatchNorm1d's

using Values = std::function<std::vector<float>()>;

// y = x * gain + shift, per channel.
struct StoredNorm {
    Values weight;
    Values bias;
    Values mean;
    Values variance;

    std::vector<float> gains() const {
        std::vector<float> gains = weight();
        const std::vector<float> variances = variance();
        for (size_t c = 0; c < gains.size(); ++c) gains[c] /= std::sqrt(variances[c] + kBatchNormEpsilon);
        return gains;
    }
};

}  // namespace

FoldedConvolution fold_batch_norm(WeightReader& weights, const std::string& convolution,
                                  const std::string& norm, const graph::Shape& shape) {
    const graph::Shape channels = {shape.front()};
    FoldedConvolution plain{weights.take(convolution + ".weight", shape),
                            weights.take(convolution + ".bias", channels)};
    weights.ignore(norm + ".num_batches_tracked");
    if (!weights.is_made_up() && !weights.has(norm + ".weight") && !weights.has(norm + ".running_mean"))
        return plain;
    const StoredNorm folded{weights.take_values(norm + ".weight", channels),
                            weights.take_values(norm + ".bias", channels),
                            weights.take_values(norm + ".running_mean", channels),
                            weights.take_values(norm + ".running_var", channels)};
    const auto fill_weight = [fill = plain.weight.fill, folded](std::span<float> out) {
        fill(out);
        const std::vector<float> gains = folded.gains();
        const size_t taps = out.size() / gains.size();
        for (size_t i = 0; i < out.size(); ++i) out[i] *= gains[i / taps];
    };
    const auto fill_bias = [fill = plain.bias.fill, folded](std::span<float> out) {
        fill(out);
        const std::vector<float> gains = folded.gains();
        const std::vector<float> means = folded.mean();
        const std::vector<float> shifts = folded.bias();
        for (size_t c = 0; c < out.size(); ++c) out[c] = (out[c] - means[c]) * gains[c] + shifts[c];
    };
    return {{plain.weight.name, shape, fill_weight}, {plain.bias.name, channels, fill_bias}};
}

}  // namespace msst::model
