#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "audio/demuxer.h"
#include "audio/ffmpeg_handles.h"

namespace msst::audio {

// Decoded frames of a file's audio stream as FFmpeg gives them, encoder delay already taken off. What does
// not decode is counted and passed over.
class PacketDecoder {
public:
    // Throws as probe() does.
    explicit PacketDecoder(const std::filesystem::path& file);

    // The next frame with at least one sample and rate and channels within bounds, or false at the end.
    // Throws Error(invalid_input, …, "invalid_audio") for a frame out of bounds, Error(unavailable) if the
    // disk fails.
    bool next(AVFrame& frame);

    const Demuxer& demuxer() const { return demuxer_; }

    int64_t corrupt_packets() const { return corrupt_packets_ + demuxer_.damaged_places(); }

    // Where the last of the corrupt packets ends, in the stream's time base, if it says so.
    std::optional<int64_t> corrupt_until() const { return corrupt_until_; }

    // Of the packet sent last.
    int64_t packet_bytes() const { return packet_bytes_; }

private:
    bool feed();
    void restart_if_clock_does();
    void note_corrupt();

    Demuxer demuxer_;
    CodecHandle codec_;
    PacketHandle packet_;
    bool is_flushing_ = false;
    std::optional<int64_t> last_pts_;
    int64_t corrupt_packets_ = 0;
    std::optional<int64_t> corrupt_until_;
    int64_t packet_bytes_ = 0;
};

}  // namespace msst::audio
