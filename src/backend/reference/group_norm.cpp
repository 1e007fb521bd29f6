#include <cmath>
#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {
namespace {

using graph::GroupNorm;

// Where the numbers of one group of one sample lie, channel by channel.
std::vector<int64_t> places_of(const GroupNorm& op, const graph::Shape& shape, int64_t sample,
                               int64_t group) {
    const bool is_last = op.layout == graph::Layout::channels_last;
    const int64_t channels = is_last ? shape.back() : shape[1];
    const int64_t count = graph::elements(shape) / (shape[0] * channels);
    const int64_t width = channels / op.groups;
    std::vector<int64_t> places;
    for (int64_t channel = group * width; channel < (group + 1) * width; ++channel)
        for (int64_t i = 0; i < count; ++i)
            places.push_back(is_last ? (sample * count + i) * channels + channel
                                     : (sample * channels + channel) * count + i);
    return places;
}

void normalise(const GroupNorm& op, const Operands& io, const std::vector<int64_t>& places, int64_t group) {
    const auto count = static_cast<double>(places.size());
    const float* x = io.inputs[GroupNorm::kX];
    double mean = 0;
    for (const int64_t at : places) mean += x[at] / count;
    double variance = 0;
    for (const int64_t at : places) variance += (x[at] - mean) * (x[at] - mean) / count;
    const double scale = 1.0 / std::sqrt(variance + op.epsilon);
    const bool is_last = op.layout == graph::Layout::channels_last;
    const int64_t width = (is_last ? io.output_shape.back() : io.output_shape[1]) / op.groups;
    const int64_t per_channel = std::ssize(places) / width;
    for (int64_t i = 0; i < std::ssize(places); ++i) {
        const int64_t channel = group * width + i / per_channel;
        double y = (x[places[i]] - mean) * scale;
        if (io.inputs[GroupNorm::kWeight]) y *= io.inputs[GroupNorm::kWeight][channel];
        if (io.inputs[GroupNorm::kBias]) y += io.inputs[GroupNorm::kBias][channel];
        io.output[places[i]] = static_cast<float>(activate(op.activation, y));
    }
}

}  // namespace

void run(const GroupNorm& op, const Operands& io) {
    for (int64_t sample = 0; sample < io.output_shape[0]; ++sample)
        for (int64_t group = 0; group < op.groups; ++group)
            normalise(op, io, places_of(op, io.output_shape, sample, group), group);
}

}  // namespace msst::backend::reference
