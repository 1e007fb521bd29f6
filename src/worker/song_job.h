#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "separation/separator.h"
#include "separation/song.h"
#include "tasks/task.h"

namespace msst::worker {

// A task as the engine takes it: from the words of the API to files in a directory, and back.
struct SongJob {
    const tasks::SeparationRequest& request;
    std::filesystem::path input;
    std::filesystem::path directory;  // empty; gets the stems
    double max_audio_seconds = 0;     // 0: no limit
    std::function<void(tasks::Stage, double fraction)> on_progress = {};
};

// processing_seconds is left to the caller. Throws as separation::separate_song().
tasks::TaskResult run_song_job(const separation::Separator& separator, const SongJob& job,
                               const std::stop_token& stop);

}  // namespace msst::worker
