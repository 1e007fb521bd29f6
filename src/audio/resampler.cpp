#include "audio/resampler.h"

#include <algorithm>
#include <vector>

#include <soxr.h>

#include "base/error.h"

namespace msst::audio {

namespace {

// One piece of what soxr holds back at the end is asked for at a time.
constexpr int64_t kDrainFrames = 8192;

void append(Block& whole, const Block& piece) {
    Block joined(whole.channels, whole.frames + piece.frames);
    for (int c = 0; c < whole.channels; ++c) {
        const auto tail = std::ranges::copy(whole.channel(c), joined.channel(c).begin()).out;
        std::ranges::copy(piece.channel(c), tail);
    }
    whole = std::move(joined);
}

// Cuts or pads with silence at the end.
Block with_length(const Block& block, int64_t frames) {
    Block result(block.channels, frames);
    for (int c = 0; c < block.channels; ++c)
        std::ranges::copy(block.channel(c).first(std::min(frames, block.frames)), result.channel(c).begin());
    return result;
}

}  // namespace

int64_t resampled_frames(int64_t frames, int in_rate, int out_rate) {
    // Whole seconds first, so that the product stays small.
    const int64_t seconds = frames / in_rate;
    const int64_t rest = frames % in_rate;
    return seconds * out_rate + (2 * rest * out_rate + in_rate) / (2 * static_cast<int64_t>(in_rate));
}

void Resampler::Close::operator()(soxr* handle) const {
    soxr_delete(handle);
}

Resampler::Resampler(int in_rate, int out_rate, int channels)
    : in_rate_(in_rate), out_rate_(out_rate), channels_(channels) {
    check(in_rate > 0 && out_rate > 0 && channels > 0, "resampler: rates and channels must be positive");
    if (in_rate == out_rate) return;
    const soxr_io_spec_t planar_floats = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, /*flags=*/0);
    soxr_error_t error = nullptr;
    soxr_.reset(soxr_create(in_rate, out_rate, channels, &error, &planar_floats, &quality, nullptr));
    if (error != nullptr || !soxr_) throw Error(ErrorCode::internal, std::string("resampler: ") + error);
}

// Feeds `block`, or the end of the stream where there is none, and returns at most `capacity` frames.
Block Resampler::process(const Block* block, int64_t capacity) {
    Block out(channels_, capacity);
    std::vector<const float*> in_channels(channels_);
    std::vector<float*> out_channels(channels_);
    for (int c = 0; c < channels_; ++c) {
        if (block != nullptr) in_channels[c] = block->channel(c).data();
        out_channels[c] = out.channel(c).data();
    }
    size_t used = 0;
    size_t made = 0;
    const size_t given = block != nullptr ? block->frames : 0;
    const soxr_error_t error =
        soxr_process(soxr_.get(), block != nullptr ? static_cast<soxr_in_t>(in_channels.data()) : nullptr,
                     given, &used, static_cast<soxr_out_t>(out_channels.data()), capacity, &made);
    if (error != nullptr) throw Error(ErrorCode::internal, std::string("resampler: ") + error);
    check(used == given, "resampler: soxr left input behind");
    return with_length(out, static_cast<int64_t>(made));
}

Block Resampler::push(const Block& block) {
    check(block.channels == channels_, "resampler: a block has the wrong number of channels");
    frames_in_ += block.frames;
    if (!soxr_) return block;
    if (block.frames == 0) return Block(channels_, 0);
    // What the block is worth, what soxr may hold from before (it gives out all it can), and the rounding.
    const int64_t capacity = resampled_frames(frames_in_, in_rate_, out_rate_) - frames_out_ + 16;
    Block out = process(&block, capacity);
    // soxr never runs ahead of its input by more than rounding; what is too much would be cut at the end.
    frames_out_ += out.frames;
    return out;
}

Block Resampler::finish() {
    Block rest(channels_, 0);
    if (!soxr_) return rest;
    const int64_t missing = resampled_frames(frames_in_, in_rate_, out_rate_) - frames_out_;
    check(missing >= 0, "resampler: soxr ran ahead of its input");
    while (rest.frames < missing) {
        const Block piece = process(nullptr, std::min(kDrainFrames, missing - rest.frames));
        if (piece.frames == 0) break;
        append(rest, piece);
    }
    frames_out_ += missing;
    return with_length(rest, missing);
}

}  // namespace msst::audio
