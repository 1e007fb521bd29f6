#include "worker/priority.h"

#include <cstdio>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace msst::worker {
namespace {

constexpr int kNiceness = 10;

// ioprio_set(2) has no header of its own: this process, best effort, last of eight levels.
constexpr int kWhoProcess = 1;
constexpr int kBestEffort = 2;
constexpr int kClassShift = 13;
constexpr int kLastLevel = 7;

// -1000 to 1000; the highest is ended first when the machine runs out of memory.
constexpr int kOutOfMemoryScore = 500;

void offer_to_the_memory_killer() {
    std::FILE* file = std::fopen("/proc/self/oom_score_adj", "we");
    if (file == nullptr) return;
    std::fprintf(file, "%d", kOutOfMemoryScore);
    std::fclose(file);
}

}  // namespace

void lower_priority() {
    setpriority(PRIO_PROCESS, 0, kNiceness);
    const sched_param parameters{};
    sched_setscheduler(0, SCHED_BATCH, &parameters);
    syscall(SYS_ioprio_set, kWhoProcess, 0, (kBestEffort << kClassShift) | kLastLevel);
    offer_to_the_memory_killer();
}

}  // namespace msst::worker
