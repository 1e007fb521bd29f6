#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "audio/ffmpeg_handles.h"
#include "audio/format.h"
#include "audio/input_file.h"

namespace msst::audio {

// The compressed packets of a file's first audio stream, in order. Only the containers and codecs that we
// promise are ever opened; other streams (video, cover pictures) are not read.
class Demuxer {
public:
    // Throws as probe() does.
    explicit Demuxer(const std::filesystem::path& file);

    // What headers say. Where they say nothing, duration_seconds is an estimate from sizes, or 0.
    const AudioInfo& info() const { return info_; }

    // Frames the headers promised even where the file is too short to hold them.
    std::optional<int64_t> declared_frames() const { return declared_frames_; }

    const AVStream& stream() const { return *stream_; }
    int64_t file_bytes() const { return file_.size_bytes(); }

    // False at the end. Throws Error(unavailable) if the disk fails.
    bool next(AVPacket& packet);

    // Stretches between packets that made no sense.
    int64_t damaged_places() const { return damaged_places_; }

private:
    enum class EditList { followed, ignored };

    FormatHandle open(const AVInputFormat& format, EditList edit_list);
    void choose_stream();
    std::vector<int64_t> media_durations(const AVInputFormat& format);
    int64_t exact_mp4_frames(const std::vector<int64_t>& durations) const;
    void expect_more_wav_frames();
    void find_length(const std::vector<int64_t>& mp4_durations);

    InputFile file_;
    IoHandle io_;  // outlives context_, which reads through it
    FormatHandle context_;
    AVStream* stream_ = nullptr;
    AudioInfo info_;
    std::optional<int64_t> declared_frames_;
    int64_t damaged_places_ = 0;
};

}  // namespace msst::audio
