// CTest runs these, and the comparison of every operation, once more where OpenMP may not have as many
// threads as are asked for (CMakeLists.txt).

#include "backend/cpu/thread_team.h"

#include <gtest/gtest.h>
#include <omp.h>

#include "backend/cpu/cpu_backend.h"
#include "base/error.h"

namespace msst::backend::cpu {
namespace {

int threads_of_a_region(int wanted) {
    int threads = 0;
#pragma omp parallel num_threads(wanted)
#pragma omp single
    threads = omp_get_num_threads();
    return threads;
}

TEST(ThreadTeam, PromisesNoMoreThreadsThanARegionGets) {
    const int granted = granted_threads(2);
    const ThreadTeam team(granted);

    EXPECT_EQ(omp_get_max_threads(), granted);
    EXPECT_EQ(threads_of_a_region(2), granted);
    EXPECT_EQ(CpuBackend({.threads = 2}).threads(), granted);
}

TEST(ThreadTeam, LeavesTheSettingsAsTheyWere) {
    omp_set_num_threads(3);
    const int is_dynamic = omp_get_dynamic();
    {
        const ThreadTeam team(1);
        EXPECT_EQ(omp_get_dynamic(), 0);
    }

    EXPECT_EQ(omp_get_max_threads(), 3);
    EXPECT_EQ(omp_get_dynamic(), is_dynamic);
}

TEST(ThreadTeam, RefusesToBeFewerThanItWasPlannedFor) {
    ErrorCode code = ErrorCode::internal;
    omp_set_dynamic(0);  // else a region of one thread would hold one of two
#pragma omp parallel num_threads(2)
#pragma omp single
    try {
        const ThreadTeam team(2);  // a region within a region is one thread's
    } catch (const Error& error) {
        code = error.code();
    }

    EXPECT_EQ(code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace msst::backend::cpu
