#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "audio/format.h"
#include "separation/separator.h"

// One song from file to stems: decode, resample, separate, write. Streams from
// end to end: memory does not depend on the length of the song.

namespace msst::separation {

enum class SongStage { decoding, separating, encoding };

struct SongRequest {
    std::filesystem::path input;
    std::vector<std::string> instruments;  // to write; a subset of the separator's
    bool use_tta = false;
    // MSST's bigshifts: the mean over so many passes, each over the song turned on by another part of its
    // length. 1, and what is below, is one pass over the song as it is. More need room for the stems, as
    // float32, in the folder of the first output.
    int bigshifts = 1;
    bool extract_instrumental = false;
    audio::OutputFormat output_format = audio::OutputFormat::wav;
    audio::PcmType pcm_type = audio::PcmType::pcm_24;
    double max_seconds = 0;  // longer input is refused while it is decoded ("audio_too_long"); 0: no limit

    // Where a stem goes. The file appears under a temporary name beside it and gets this one when it is
    // whole.
    std::function<std::filesystem::path(const std::string& stem)> output_path;

    // Called a few times a second from a thread of its own: fraction of the whole song done, 0-1, never less
    // than before. The last call says 1. Must not throw.
    std::function<void(SongStage, double fraction)> on_progress;
};

struct WrittenStem {
    std::string name;
    std::filesystem::path path;
    int64_t size_bytes = 0;
    int64_t frames = 0;
    int sample_rate = 0;
    int channels = 0;
    std::string sha256;
    double peak = 0;  // linear, before clipping
    double rms = 0;   // linear, over all channels
    int64_t clipped_samples = 0;
};

struct SongResult {
    std::vector<WrittenStem> stems;
    std::vector<std::string> warnings;  // for the client: downmix, corrupt frames, clipped samples …
    double input_seconds = 0;           // as decoded
};

// Throws Error(invalid_input, …, "invalid_audio" | "audio_too_long" | "invalid_instruments"),
// Error(cancelled) when `stop` was requested, Error(unavailable, …, "storage_full"). On any of these no
// output file is left.
SongResult separate_song(const Separator& separator, const SongRequest& request, const std::stop_token& stop);

}  // namespace msst::separation
