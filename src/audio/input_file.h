#pragma once

#include <cstdint>
#include <filesystem>

#include "audio/ffmpeg_handles.h"
#include "base/files.h"

namespace msst::audio {

// One regular file as FFmpeg reads it: through a descriptor of ours, so that no name, playlist or address
// found in the bytes can ever lead to another file.
class InputFile {
public:
    // Throws as open_file() does, and Error(invalid_input, …, "invalid_audio") if it is no regular file or
    // empty.
    explicit InputFile(const std::filesystem::path& file);
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    // A reader at the start of the file; at most one is in use at a time.
    IoHandle open_io();

    int64_t size_bytes() const { return size_bytes_; }

    // Up to `size` bytes at `offset`; fewer only at the end of the file. Throws as throw_errno.
    int64_t read_at(int64_t offset, uint8_t* bytes, int64_t size) const;

    // Throws what the disk said, if a read for FFmpeg has failed.
    void expect_no_read_error() const;

private:
    static int read_for_ffmpeg(void* self, uint8_t* bytes, int size);
    static int64_t seek_for_ffmpeg(void* self, int64_t offset, int whence);

    std::filesystem::path path_;
    UniqueFd fd_;
    int64_t size_bytes_ = 0;
    int64_t position_ = 0;
    int read_error_ = 0;  // errno
};

}  // namespace msst::audio
