#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <sndfile.h>

namespace msst::audio {

// libsndfile writing into a file descriptor of ours, so that the disk's own error is known when it fails.
class SndfileOutput {
public:
    // Makes or empties the file, mode 0600. info: sample rate, channels and format as libsndfile wants them.
    // Throws as throw_errno (base/files.h), and Error(internal) if libsndfile refuses the format.
    SndfileOutput(const std::filesystem::path& file, SF_INFO info);
    SndfileOutput(const SndfileOutput&) = delete;
    SndfileOutput& operator=(const SndfileOutput&) = delete;
    ~SndfileOutput();

    // An RF64 file that turns out short enough becomes plain WAV when it is closed. Before the first frame.
    void allow_downgrade_to_riff();

    // Interleaved frames; integers use the top bits of their 32. Throw as throw_errno.
    void write(const int32_t* samples, int64_t frames);
    void write(const float* samples, int64_t frames);

    // Completes the header and syncs the file. Throws as throw_errno.
    void close();

private:
    struct Target;
    struct Close {
        void operator()(SNDFILE* handle) const { sf_close(handle); }
    };
    void expect(bool succeeded, const char* what) const;

    std::unique_ptr<Target> target_;  // outlives handle_, which writes through it
    std::unique_ptr<SNDFILE, Close> handle_;
};

}  // namespace msst::audio
