#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace msst::separation {

// Overlap-add: joins separated chunks into whole stems, as far as they are final.
//
// Each chunk is multiplied by a window before it is added, and the windows are
// summed beside it; dividing one sum by the other gives unit gain. Positions
// count frames from the start of the (padded) song; rows are stems * channels.
class OverlapAdd {
public:
    // capacity_frames: how far a chunk may reach past the first frame not yet taken.
    OverlapAdd(int64_t rows, int64_t capacity_frames);

    // Adds the first `frames` frames of a chunk, [rows, row_stride], at position `start`.
    void add(int64_t start, std::span<const float> chunk, int64_t row_stride, int64_t frames,
             std::span<const float> window);

    // Where the next take() begins.
    int64_t position() const { return position_; }

    // The joined rows of [position(), end), [rows, end - position()]; nothing may be added there afterwards.
    // A frame without any weight is 0, as MSST's nan_to_num makes it.
    std::vector<float> take(int64_t end);

private:
    int64_t rows_;
    int64_t capacity_;
    int64_t position_ = 0;
    std::vector<float> sum_;         // [rows, capacity], from position_
    std::vector<float> weight_sum_;  // [capacity]
};

}  // namespace msst::separation
