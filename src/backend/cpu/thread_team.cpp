#include "backend/cpu/thread_team.h"

#include <algorithm>
#include <string>

#include <omp.h>

#include "base/error.h"

namespace msst::backend::cpu {
namespace {

int threads_of_a_region() {
    int threads = 1;
#pragma omp parallel
    {
#pragma omp single
        threads = omp_get_num_threads();
    }
    return threads;
}

}  // namespace

int granted_threads(int wanted) {
    if (omp_get_max_active_levels() < 1) return 1;
    return std::min(wanted > 0 ? wanted : omp_get_num_procs(), omp_get_thread_limit());
}

ThreadSettings::ThreadSettings(int threads)
    : threads_before_(omp_get_max_threads()), is_dynamic_before_(omp_get_dynamic()) {
    omp_set_dynamic(0);
    omp_set_num_threads(threads);
}

ThreadSettings::~ThreadSettings() {
    omp_set_num_threads(threads_before_);
    omp_set_dynamic(is_dynamic_before_);
}

ThreadTeam::ThreadTeam(int threads) : settings_(threads) {
    const int got = threads_of_a_region();
    if (got != threads)
        throw Error(ErrorCode::unavailable, "networks were to run on " + std::to_string(threads) +
                                                " threads, and OpenMP gives " + std::to_string(got));
}

}  // namespace msst::backend::cpu
