#include "model/mdx23c_blocks.h"

#include <algorithm>
#include <cmath>

namespace msst::model {
namespace {

using graph::TensorId;

constexpr auto kMdx23cLayout = graph::Layout::channels_last;
constexpr float kMdx23cEpsilon = 1e-5f;

}  // namespace

TensorId Mdx23cBlocks::append_scale(TensorId x, int64_t out, const std::string& name) {
    for (int64_t block = 0; block < structure_.blocks; ++block)
        x = append_block(x, out, name + "blocks." + std::to_string(block) + ".");
    return x;
}

TensorId Mdx23cBlocks::append_block(TensorId x, int64_t out, const std::string& name) {
    const TensorId shortcut = append_convolution(x, out, 1, name + "shortcut.weight");
    x = append_convolution(append_norm(x, name + "tfc1.0."), out, 3, name + "tfc1.2.weight");
    const int64_t bins = bins_of(x);
    TensorId middle =
        append_linear(append_norm(x, name + "tdf.0."), bins / structure_.bottleneck, name + "tdf.2.weight");
    middle = append_norm(middle, name + "tdf.3.");
    x = append_linear(middle, bins, name + "tdf.5.weight", x);
    return append_convolution(append_norm(x, name + "tfc2.0."), out, 3, name + "tfc2.2.weight", shortcut);
}

TensorId Mdx23cBlocks::append_downscale(TensorId x, int64_t out, const std::string& name) {
    const auto [time, frequency] = structure_.scale;
    const std::string weight = name + "conv.2.weight";
    const int64_t in = channels_of(x);
    x = append_norm(x, name + "conv.0.");
    return graph_.add(graph::Convolution{.strides = structure_.scale, .layout = kMdx23cLayout},
                      {x, graph_.add_constant(weights_.take(weight, {out, in, time, frequency})), {}, {}},
                      weight);
}

TensorId Mdx23cBlocks::append_upscale(TensorId x, int64_t out, const std::string& name) {
    const auto [time, frequency] = structure_.scale;
    const std::string weight = name + "conv.2.weight";
    const int64_t in = channels_of(x);
    x = append_norm(x, name + "conv.0.");
    return graph_.add(graph::TransposedConvolution{.strides = structure_.scale, .layout = kMdx23cLayout},
                      {x, graph_.add_constant(weights_.take(weight, {in, out, time, frequency})), {}},
                      weight);
}

TensorId Mdx23cBlocks::append_convolution(TensorId x, int64_t out, int64_t size, const std::string& name,
                                          TensorId residual, graph::Activation activation) {
    const graph::Convolution convolution{.pad_begin = {size / 2, size / 2},
                                         .pad_end = {size / 2, size / 2},
                                         .activation = activation,
                                         .layout = kMdx23cLayout};
    const TensorId weight = graph_.add_constant(weights_.take(name, {out, channels_of(x), size, size}));
    return graph_.add(convolution, {x, weight, {}, residual}, name);
}

TensorId Mdx23cBlocks::append_linear(TensorId x, int64_t out, const std::string& name, TensorId residual) {
    const TensorId weight = graph_.add_constant(weights_.take(name, {out, bins_of(x)}));
    return graph_.add(graph::ColumnLinear{}, {x, weight, residual}, name);
}

TensorId Mdx23cBlocks::append_norm(TensorId x, const std::string& name) {
    using Norm = Mdx23cStructure::Norm;
    if (structure_.norm == Norm::none) return graph_.add(graph::Activate{structure_.activation}, {x}, name);
    if (structure_.norm == Norm::batch) return append_batch_norm(x, name);
    const int64_t channels = channels_of(x);
    const TensorId weight = graph_.add_constant(weights_.take(name + "weight", {channels}));
    const TensorId bias = graph_.add_constant(weights_.take(name + "bias", {channels}));
    const graph::GroupNorm norm{.groups = structure_.norm_groups > 0 ? structure_.norm_groups : channels,
                                .epsilon = kMdx23cEpsilon,
                                .activation = structure_.activation,
                                .layout = kMdx23cLayout};
    return graph_.add(norm, {x, weight, bias}, name);
}

// With running statistics it is a factor and a summand for every channel.
TensorId Mdx23cBlocks::append_batch_norm(TensorId x, const std::string& name) {
    const graph::Shape shape = {channels_of(x)};
    const auto weight = weights_.take_values(name + "weight", shape);
    const auto bias = weights_.take_values(name + "bias", shape);
    const auto mean = weights_.take_values(name + "running_mean", shape);
    const auto variance = weights_.take_values(name + "running_var", shape);
    const auto factors = [weight, variance] {
        std::vector<float> values = weight();
        const std::vector<float> variances = variance();
        for (size_t i = 0; i < values.size(); ++i)
            values[i] /= std::sqrt(std::abs(variances[i]) + kMdx23cEpsilon);
        return values;
    };
    const TensorId scale = graph_.add_constant({name + "weight", shape, [factors](std::span<float> out) {
                                                    std::ranges::copy(factors(), out.begin());
                                                }});
    const TensorId shift =
        graph_.add_constant({name + "bias", shape, [factors, bias, mean](std::span<float> out) {
                                 const std::vector<float> scales = factors();
                                 const std::vector<float> means = mean();
                                 std::ranges::copy(bias(), out.begin());
                                 for (size_t i = 0; i < out.size(); ++i) out[i] -= means[i] * scales[i];
                             }});
    return graph_.add(graph::ChannelAffine{structure_.activation, kMdx23cLayout}, {x, scale, shift}, name);
}

}  // namespace msst::model
