#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

// Reports of progress from inside a parallel region, which no exception may leave: only the thread that
// opened the region, number 0, tells, now and then. Whoever is told may throw; then the others had better
// stop.
class ProgressTeller {
public:
    ProgressTeller(const KernelProgress& progress, int64_t items)
        : progress_(progress), items_(items), step_(items / kReports + 1) {}

    // done: items that are, by all threads, since the start.
    void tell(int64_t done) {
        if (done < next_ || has_failed_) return;
        next_ = done + step_;
        try {
            progress_.report(static_cast<double>(done) / static_cast<double>(items_));
        } catch (...) {
            error_ = std::current_exception();
            has_failed_ = true;
        }
    }

    // From any thread.
    bool has_failed() const { return has_failed_.load(std::memory_order_relaxed); }

    // After the region.
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    static constexpr int64_t kReports = 64;  // of one operation, at most

    const KernelProgress& progress_;
    int64_t items_;
    int64_t step_;
    int64_t next_ = 1;
    std::exception_ptr error_;
    std::atomic<bool> has_failed_ = false;
};

}  // namespace msst::backend::cpu
