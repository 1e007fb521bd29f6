#pragma once

namespace msst::backend::cpu {

// How many threads a parallel region will have that asks for `wanted` (0: one per core): what surrounds the
// program may allow fewer, by OMP_THREAD_LIMIT or OMP_MAX_ACTIVE_LEVELS. Starts no thread.
int granted_threads(int wanted);

// While one lives, parallel regions that the calling thread opens ask for `threads` threads, and oneDNN
// prepares for as many. The load of the machine decides nothing.
class ThreadSettings {
public:
    explicit ThreadSettings(int threads);
    ~ThreadSettings();
    ThreadSettings(const ThreadSettings&) = delete;
    ThreadSettings& operator=(const ThreadSettings&) = delete;

private:
    int threads_before_;
    int is_dynamic_before_;
};

// While one lives, parallel regions that the calling thread opens have exactly `threads` threads. oneDNN
// divides a product among the threads that it may ask for and never looks whether they came: with fewer,
// parts of the result would be left as they were.
class ThreadTeam {
public:
    // threads: of granted_threads(). Throws Error(unavailable) when a region gets fewer all the same, as one
    // does within another region.
    explicit ThreadTeam(int threads);

private:
    ThreadSettings settings_;
};

}  // namespace msst::backend::cpu
