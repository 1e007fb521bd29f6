#pragma once

#include <cmath>
#include <filesystem>
#include <span>
#include <string>

#include "audio/block.h"
#include "audio/writer.h"
#include "base/files.h"
#include "support/temp_folder.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"

namespace msst::testing {

// A short stereo WAV file.
inline void write_song(const std::filesystem::path& path, double seconds = 0.5) {
    audio::Writer writer(path, {.pcm_type = audio::PcmType::pcm_16, .sample_rate = 44100, .channels = 2});
    audio::Block block(2, static_cast<int64_t>(seconds * 44100));
    for (int c = 0; c < 2; ++c)
        for (int64_t i = 0; i < block.frames; ++i)
            block.channel(c)[i] = 0.25F * std::sin(static_cast<float>((c + 1) * i) * 0.03F);
    writer.write(block);
    writer.finish();
}

// Uploads the song, as the server does, and submits it for the stem "vocals". Returns the task's id.
inline tasks::Task submit_song(tasks::TaskStore& store, tasks::BlobStore& blobs,
                               const std::string& model_type, double seconds = 0.5,
                               int64_t device_bytes = 0) {
    const TempFolder folder;
    write_song(folder / "song.wav", seconds);
    const std::string bytes = read_file(folder / "song.wav");
    static int uploads = 0;
    const std::string key = tasks::upload_key("song-" + std::to_string(++uploads));
    const auto blob = blobs.create();
    blob->append(std::as_bytes(std::span(bytes)));
    blob->keep(key);
    tasks::NewTask task;
    task.request.model_type = model_type;
    task.request.instruments = {"vocals"};
    task.input = {.filename = "song.wav",
                  .size_bytes = static_cast<int64_t>(bytes.size()),
                  .format = "wav",
                  .duration_seconds = seconds,
                  .sample_rate = 44100,
                  .channels = 2};
    task.input_key = key;
    task.device_bytes = device_bytes;
    return *store.add(task, /*max_queued=*/1000).task;
}

}  // namespace msst::testing
