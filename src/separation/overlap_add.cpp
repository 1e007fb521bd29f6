#include "separation/overlap_add.h"

#include <algorithm>

#include "base/error.h"

namespace msst::separation {
namespace {

// Forgets the first `count` of `frames` and makes room at the end.
void shift_out(std::span<float> frames, int64_t count) {
    std::shift_left(frames.begin(), frames.end(), count);
    std::ranges::fill(frames.last(count), 0.0f);
}

}  // namespace

OverlapAdd::OverlapAdd(int64_t rows, int64_t capacity_frames)
    : rows_(rows), capacity_(capacity_frames), sum_(rows * capacity_frames), weight_sum_(capacity_frames) {}

void OverlapAdd::add(int64_t start, std::span<const float> chunk, int64_t row_stride, int64_t frames,
                     std::span<const float> window) {
    const int64_t offset = start - position_;
    check(offset >= 0 && offset + frames <= capacity_, "overlap-add: a chunk lies outside of what is open");
    for (int64_t row = 0; row < rows_; ++row) {
        float* sum = sum_.data() + row * capacity_ + offset;
        const float* in = chunk.data() + row * row_stride;
        for (int64_t i = 0; i < frames; ++i) sum[i] += in[i] * window[i];
    }
    for (int64_t i = 0; i < frames; ++i) weight_sum_[offset + i] += window[i];
}

std::vector<float> OverlapAdd::take(int64_t end) {
    const int64_t count = end - position_;
    check(count >= 0 && count <= capacity_, "overlap-add: more frames asked for than are open");
    std::vector<float> out(rows_ * count);
    for (int64_t row = 0; row < rows_; ++row) {
        const float* sum = sum_.data() + row * capacity_;
        for (int64_t i = 0; i < count; ++i)
            out[row * count + i] = weight_sum_[i] == 0 ? 0.0f : sum[i] / weight_sum_[i];
        shift_out(std::span(sum_).subspan(row * capacity_, capacity_), count);
    }
    shift_out(weight_sum_, count);
    position_ = end;
    return out;
}

}  // namespace msst::separation
