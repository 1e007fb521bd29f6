#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>

#include "backend/cpu/thread_team.h"

namespace msst::backend::cpu {

// Calls body(i) for 0 <= i < count, from as many threads as the caller's team has, whoever is free taking the
// next. Every thread prepares products for `threads` threads, as the caller does. After an error nothing new
// is begun; the error is thrown when all have ended.
template <class Body>
void parallel_for(int64_t count, int threads, const Body& body) {
    std::exception_ptr error;
    std::mutex mutex;  // of error
    std::atomic<bool> has_failed = false;
#pragma omp parallel num_threads(threads)
    {
        const ThreadSettings settings(threads);
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = 0; i < count; ++i) {
            if (has_failed) continue;
            try {
                body(i);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!error) error = std::current_exception();
                has_failed = true;
            }
        }
    }
    if (error) std::rethrow_exception(error);
}

}  // namespace msst::backend::cpu
