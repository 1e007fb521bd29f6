#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "audio/block.h"
#include "audio/format.h"

// Any audio file we promise, as a stream of float blocks at its own sample rate.
//
// Lengths are exact: encoder delay and padding are taken off (LAME and iTunes tags, Opus pre-skip, Vorbis end
// positions, MP4 edit lists), so as many frames come out as went into the encoder, wherever the file says how
// many those were. Damage in the middle is skipped and told in warnings(); where the timestamps show how much
// is missing, silence takes its place. Memory does not depend on the length of the song.

namespace msst::audio {

struct DecoderOptions {
    double max_seconds = 0;  // refuse longer audio, while decoding; 0: no limit
    int max_channels = 2;    // 1 or 2: input with more channels is mixed down to this many
};

class Decoder {
public:
    // Blocks never have more frames than this.
    static constexpr int64_t kMaxBlockFrames = 8192;

    // Opens the file and decodes its first frame. Throws what probe() throws.
    explicit Decoder(const std::filesystem::path& file, const DecoderOptions& options = {});
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;
    ~Decoder();

    // The file as it is: channels() may be fewer than info().channels.
    const AudioInfo& info() const;

    // Of the blocks, for the whole stream: the file's first sample rate; 1 (mono stays mono) or 2 channels.
    int sample_rate() const;
    int channels() const;

    // Replaces `block` by the next frames, at least one, planar, finite. False at the end of the stream (the
    // block is then empty). Throws Error(invalid_input, …, "audio_too_long") past max_seconds,
    // Error(invalid_input, …, "invalid_audio") where a stream changes into what cannot be converted,
    // Error(unavailable) if the disk fails.
    bool read(Block& block);

    // Frames that read() has given so far.
    int64_t frames_read() const;

    // Sentences for the client, without repetition, counts included ("3 corrupt frames were skipped").
    // Complete when read() has returned false.
    std::vector<std::string> warnings() const;

private:
    class Stream;
    std::unique_ptr<Stream> stream_;
};

}  // namespace msst::audio
