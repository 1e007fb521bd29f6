#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tasks/task_store.h"

// Tasks and results for the tests of stores, and many threads at once.

namespace msst::store::testing {

// More than any test queues.
inline constexpr int64_t kRoomForAll = 1'000'000;

inline tasks::NewTask song(const std::string& name = "song", const std::string& owner = "ann") {
    tasks::NewTask task;
    task.owner = owner;
    task.request.model_type = "dsp";
    task.request.instruments = {"vocals", "other"};
    task.input.filename = name + ".wav";
    task.input.size_bytes = 1234;
    task.input.format = "wav";
    task.input.duration_seconds = 60;
    task.input.sample_rate = 44100;
    task.input.channels = 2;
    task.input_key = "uploads/" + name;
    return task;
}

inline tasks::NewTask song_with_key(const std::string& key, const std::string& fingerprint = "f",
                                    const std::string& owner = "ann") {
    tasks::NewTask task = song("song", owner);
    task.idempotency_key = key;
    task.request_fingerprint = fingerprint;
    return task;
}

inline tasks::TaskResult stems(double audio_seconds = 60) {
    tasks::StemFile vocals;
    vocals.name = "vocals";
    vocals.filename = "vocals.wav";
    vocals.size_bytes = 99;
    tasks::TaskResult result;
    result.sources = {vocals};
    result.processing_seconds = 3;
    result.audio_seconds = audio_seconds;
    return result;
}

// Calls work(0) … work(threads - 1) at the same time and waits for all.
inline void at_once(int threads, const std::function<void(int)>& work) {
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(work, i);
    for (std::thread& thread : running) thread.join();
}

}  // namespace msst::store::testing
