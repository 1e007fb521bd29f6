#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "audio/block.h"
#include "audio/format.h"

// Stems as WAV or FLAC files, block by block.
//
// The file grows under the target's name + ".part" beside it and gets its name, synced, when it is whole; an
// unfinished Writer removes what it wrote. Levels are never changed and nothing is dithered: a sample is
// rounded to the nearest step of 2^-15 or 2^-23 and saturates at full scale.

namespace msst::audio {

struct WriterOptions {
    OutputFormat format = OutputFormat::wav;
    PcmType pcm_type = PcmType::pcm_24;
    int sample_rate = 44100;
    int channels = 2;
    int64_t expected_frames = 0;  // decides between WAV and RF64 at the start; 0: unknown, decided at the end
};

struct WrittenFile {
    int64_t size_bytes = 0;
    std::string sha256;  // of the whole file, lower-case hex
    int64_t frames = 0;
    double peak = 0;                // linear, before clipping
    double rms = 0;                 // linear, over all channels, before clipping
    int64_t clipped_samples = 0;    // beyond -1 … 1 in a fixed-point file
    int64_t nonfinite_samples = 0;  // NaN or infinite, written as 0
};

// WAV counts its bytes in 32 bits; RF64 (EBU Tech 3306) in 64.
enum class WavKind {
    riff,    // surely short enough
    rf64,    // surely too long for RIFF
    decide,  // room for RF64's chunk is kept, the last word falls when the length is known
};
WavKind choose_wav_kind(const WriterOptions& options);

// Throws Error(invalid_input, …, "unsupported_output") for FLAC with FLOAT, which FLAC cannot hold.
void check_output(OutputFormat format, PcmType pcm_type);

class Writer {
public:
    // Throws as check_output(), and Error(unavailable[, …, "storage_full"]) if the file cannot be made.
    Writer(const std::filesystem::path& target, const WriterOptions& options);
    Writer(Writer&&) noexcept;
    Writer& operator=(Writer&&) noexcept;
    ~Writer();

    // Appends the block. Throws Error(unavailable, …, "storage_full") when the disk is full.
    void write(const Block& block);

    // Completes, syncs and renames the file. Call once; the Writer is spent afterwards.
    WrittenFile finish();

private:
    class File;
    std::unique_ptr<File> file_;
};

}  // namespace msst::audio
