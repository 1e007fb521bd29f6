#pragma once

#include <cstdint>
#include <memory>

#include "audio/block.h"

struct soxr;

namespace msst::audio {

// How long `frames` at `in_rate` are at `out_rate`: frames * out_rate / in_rate, rounded to nearest (half
// up). Exact for any length that fits 64 bits. Rates > 0, frames >= 0.
int64_t resampled_frames(int64_t frames, int in_rate, int out_rate);

// Changes the sample rate of a stream of planar blocks: libsoxr at its HQ quality (linear phase, 20 bits),
// its delay taken off. Exactly resampled_frames(all that was pushed) come out. Equal rates pass through
// untouched.
class Resampler {
public:
    // Rates in Hz. Throws Error(internal) if soxr refuses.
    Resampler(int in_rate, int out_rate, int channels);
    Resampler(Resampler&&) noexcept = default;
    Resampler& operator=(Resampler&&) noexcept = default;

    // Takes the next frames (same channels each time) and returns what is ready; may be empty.
    Block push(const Block& block);

    // The rest. Call once, at the end.
    Block finish();

private:
    struct Close {
        void operator()(soxr* handle) const;
    };
    Block process(const Block* block, int64_t capacity);

    int in_rate_;
    int out_rate_;
    int channels_;
    int64_t frames_in_ = 0;
    int64_t frames_out_ = 0;
    std::unique_ptr<soxr, Close> soxr_;  // none when the rates are equal
};

}  // namespace msst::audio
