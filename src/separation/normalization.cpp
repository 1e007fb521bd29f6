#include "separation/normalization.h"

#include <algorithm>
#include <cmath>

namespace msst::separation {

void Normalization::apply(audio::Block& block) const {
    for (float& sample : block.samples) sample = static_cast<float>((sample - mean) / deviation);
}

void Normalization::undo(audio::Block& block) const {
    for (float& sample : block.samples) sample = static_cast<float>(sample * deviation + mean);
}

void NormalizationMeter::add(const audio::Block& block) {
    for (int64_t i = 0; i < block.frames; ++i) {
        double frame = 0;
        for (int c = 0; c < block.channels; ++c) frame += block.channel(c)[i];
        frame /= block.channels;
        sum_ += frame;
        sum_of_squares_ += frame * frame;
    }
    frames_ += block.frames;
}

Normalization NormalizationMeter::result() const {
    if (frames_ == 0) return {};
    const double mean = sum_ / static_cast<double>(frames_);
    const double variance = std::max(0.0, sum_of_squares_ / static_cast<double>(frames_) - mean * mean);
    return {mean, variance > 0 ? std::sqrt(variance) : 1.0};
}

}  // namespace msst::separation
