#pragma once

#include <filesystem>
#include <string>

#include "separation/song.h"

// What is said about a song when it is done.

namespace msst::cli {

struct SongOutcome {
    std::filesystem::path input;
    separation::SongResult result;  // of a song that was separated
    double seconds = 0;             // it took
    bool is_skipped = false;        // its stems were there
    std::string error;              // not empty: it failed
};

// One line of JSON: input, stems (name, path, frames, duration, sample_rate, channels, size_bytes, peak_dbfs,
// rms_dbfs, sha256, clipped), warnings, seconds, realtime_factor; or input and error. Silence has null for
// its level.
std::string to_json_line(const SongOutcome& outcome);

// "song.mp3: 4 stems of 3:21 in 3.2 s (62.8x) -> out/song", then a line per warning.
std::string to_text(const SongOutcome& outcome);

}  // namespace msst::cli
