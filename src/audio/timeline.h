#pragma once

#include <cstdint>
#include <optional>

namespace msst::audio {

// Where decoded frames belong on the song's time line, and what is missing between them.
//
// All positions are frames at the stream's first sample rate. A file's own clock starts anywhere and may step
// back (chained OGG files start over); only a step forward that the declared length leaves room for is taken
// for lost audio.
class Timeline {
public:
    // slack: steps this small are rounding. length: frames the file declares; none fills no gaps.
    Timeline(int64_t slack, std::optional<int64_t> length) : slack_(slack), length_(length) {}

    // The file's clock at its beginning, if it says so before the first frame arrives.
    void set_start(int64_t clock) { offset_ = clock; }

    // A run of `frames` follows that the file's clock puts at `clock` (none: unknown). Returns how many
    // frames are missing before it; they and the run then count as given.
    int64_t place(std::optional<int64_t> clock, int64_t frames);

    // Nothing follows, but the clock shows that audio went on until `clock`. Returns the frames missing.
    int64_t place_end(int64_t clock) { return place(clock, 0); }

    int64_t given() const { return given_; }

private:
    int64_t slack_;
    std::optional<int64_t> length_;
    std::optional<int64_t> offset_;  // clock of the song's first frame
    int64_t given_ = 0;
};

}  // namespace msst::audio
