#include "base/sandbox.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/landlock.h"
#include "base/seccomp_filter.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MSST_HAS_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MSST_HAS_SHADOW_MEMORY 1
#endif
#endif

namespace msst {
namespace {

// AddressSanitizer and ThreadSanitizer map terabytes for their own books, and the leak check at the end
// traces its own process.
#ifdef MSST_HAS_SHADOW_MEMORY
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

std::string with_reason(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

// One limit of setrlimit(2), hard and soft; never above the hard limit there is.
struct Limit {
    __rlimit_resource resource;
    const char* name;
    std::optional<int64_t> value;
    bool is_memory = false;
};

void apply(const Limit& limit, std::vector<std::string>& missing) {
    if (!limit.value) return;
    if (limit.is_memory && kIsSanitized) {
        missing.push_back(std::string("the limit of ") + limit.name + ": this build has a sanitizer");
        return;
    }
    rlimit wanted{};
    getrlimit(limit.resource, &wanted);
    const auto value = static_cast<rlim_t>(*limit.value);
    if (wanted.rlim_max == RLIM_INFINITY || value < wanted.rlim_max) wanted.rlim_max = value;
    wanted.rlim_cur = wanted.rlim_max;
    if (setrlimit(limit.resource, &wanted) != 0)
        missing.push_back(with_reason(std::string("the limit of ") + limit.name));
}

void apply_limits(const ResourceLimits& limits, std::vector<std::string>& missing) {
    apply({.resource = RLIMIT_CORE, .name = "core dumps", .value = 0}, missing);
    apply({.resource = RLIMIT_AS,
           .name = "address space",
           .value = limits.address_space_bytes,
           .is_memory = true},
          missing);
    apply({.resource = RLIMIT_DATA, .name = "data", .value = limits.data_bytes, .is_memory = true}, missing);
    apply({.resource = RLIMIT_CPU, .name = "processor time", .value = limits.cpu_seconds}, missing);
    apply({.resource = RLIMIT_FSIZE, .name = "file size", .value = limits.file_size_bytes}, missing);
    apply({.resource = RLIMIT_NOFILE, .name = "open files", .value = limits.open_files}, missing);
}

void forbid_tracing(std::vector<std::string>& missing) {
    if (kIsSanitized)
        missing.emplace_back("the ban on tracing: this build has a sanitizer");
    else if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        missing.push_back(with_reason("the ban on tracing"));
}

}  // namespace

std::vector<std::string> enter_sandbox(const SandboxRules& rules) {
    std::vector<std::string> missing;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        missing.push_back(with_reason("giving up new privileges"));
    if (rules.files)
        if (const std::string reason = restrict_files(*rules.files); !reason.empty())
            missing.push_back("the limits on files: " + reason);
    forbid_tracing(missing);
    apply_limits(rules.limits, missing);
    // Last: it takes away the calls used above.
    try {
        filter_system_calls(rules.calls, kIsSanitized ? Instrumentation::sanitizers : Instrumentation::none);
    } catch (const Error& error) {
        missing.emplace_back(error.what());
    }
    return missing;
}

}  // namespace msst
