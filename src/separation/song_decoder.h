#pragma once

#include <filesystem>

#include "audio/decoder.h"
#include "audio/resampler.h"
#include "separation/separator.h"

namespace msst::separation {

// A file as a model wants it: at its sample rate, with its number of channels.
class SongDecoder {
public:
    // Throws as audio::Decoder.
    SongDecoder(const std::filesystem::path& file, const SeparatorInfo& info, double max_seconds);

    // Replaces `block` by the next frames, at least one. False at the end. Throws as audio::Decoder, and
    // Error(invalid_input, …, "invalid_audio") at the end of a file that held no audio.
    bool read(audio::Block& block);

    // The file as it is.
    const audio::Decoder& decoder() const { return decoder_; }

private:
    audio::Decoder decoder_;
    audio::Resampler resampler_;
    int channels_;
    bool is_at_end_ = false;
};

}  // namespace msst::separation
