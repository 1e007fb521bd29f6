#pragma once

#include <filesystem>
#include <functional>
#include <string>

// What `serve` asks about an upload. It never parses audio itself: the answer
// comes from a sandboxed child process (supervisor/prober.h), or from a fake in tests.

namespace msst::tasks {

struct AudioFacts {
    std::string format;           // wav flac mp3 ogg m4a
    double duration_seconds = 0;  // as the container says; > 0
    int sample_rate = 0;
    int channels = 0;
};

// Throws Error(invalid_input) with reason unsupported_format or invalid_audio and
// a sentence for the client, or Error(unavailable). Blocks for as long as the
// check takes; call it on a thread that may wait.
using AudioCheck = std::function<AudioFacts(const std::filesystem::path&)>;

}  // namespace msst::tasks
