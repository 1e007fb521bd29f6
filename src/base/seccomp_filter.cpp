#include "base/seccomp_filter.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"

namespace msst {
namespace {

struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

void seccomp_check(int status, const std::string& what) {
    if (status != 0)
        throw Error(ErrorCode::unavailable,
                    "cannot filter system calls: " + what + ": " + std::strerror(-status));
}

Filter make_filter(uint32_t default_action) {
    Filter filter(seccomp_init(default_action));
    if (!filter) throw Error(ErrorCode::unavailable, "cannot filter system calls: libseccomp made no filter");
    // Threads that run already are held to it too.
    seccomp_check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "all threads at once");
    return filter;
}

// Names, not numbers: what this libseccomp or machine does not know is passed over.
void add_rules(const Filter& filter, uint32_t action, std::span<const char* const> names) {
    for (const char* name : names) {
        const int call = seccomp_syscall_resolve_name(name);
        if (call == __NR_SCMP_ERROR) continue;
        seccomp_check(seccomp_rule_add(filter.get(), action, call, 0), name);
    }
}

void add_rule(const Filter& filter, uint32_t action, const char* name, scmp_arg_cmp argument) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR) return;
    seccomp_check(seccomp_rule_add(filter.get(), action, call, 1, argument), name);
}

constexpr const char* kDecoderCalls[] = {
    // Reading what is open already, and answering.
    "read", "readv", "pread64", "preadv", "lseek", "_llseek", "write", "writev", "close", "fstat", "fstat64",
    "newfstatat", "fstatat64", "statx", "fcntl", "fcntl64", "readlink", "readlinkat", "poll", "ppoll",
    // Memory.
    "mmap", "mmap2", "munmap", "mprotect", "mremap", "madvise", "brk",
    // Locks of a process with one thread, signals to itself, the time.
    "futex", "sched_yield", "sched_getaffinity", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "sigaltstack", "getpid", "gettid", "clock_gettime", "clock_gettime64", "gettimeofday", "clock_nanosleep",
    "nanosleep", "getrandom", "sysinfo", "uname", "getrusage", "restart_syscall",
    // The end.
    "exit", "exit_group"};

// Its own process may be ended with a signal (abort); no other.
void allow_signals_to_itself(const Filter& filter) {
    const auto self = static_cast<scmp_datum_t>(::getpid());
    add_rule(filter, SCMP_ACT_ALLOW, "tgkill", SCMP_A0(SCMP_CMP_EQ, self));
    add_rule(filter, SCMP_ACT_ALLOW, "kill", SCMP_A0(SCMP_CMP_EQ, self));
}

Filter make_decoder_filter(Instrumentation instrumentation) {
    Filter filter = make_filter(SCMP_ACT_ERRNO(EPERM));
    add_rules(filter, SCMP_ACT_ALLOW, kDecoderCalls);
    constexpr scmp_datum_t kWriting = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
    add_rule(filter, SCMP_ACT_ALLOW, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, kWriting, O_RDONLY));
    add_rule(filter, SCMP_ACT_ALLOW, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, kWriting, O_RDONLY));
    allow_signals_to_itself(filter);
    // Their reports try addresses through pipes; ThreadSanitizer's own thread in a forked process may still
    // be registering itself.
    constexpr const char* kSanitizerCalls[] = {"pipe", "pipe2", "rseq", "set_robust_list"};
    if (instrumentation == Instrumentation::sanitizers) add_rules(filter, SCMP_ACT_ALLOW, kSanitizerCalls);
    return filter;
}

// A filter looks at numbers, not at what a pointer leads to: clone3 and openat2 cannot be judged. glibc takes
// ENOSYS for an old kernel and uses clone.
constexpr const char* kUnjudgedCalls[] = {"clone3"};

constexpr const char* kDeniedCalls[] = {
    // The network. Pairs of sockets within the process stay.
    "socket", "connect", "bind", "listen", "accept", "accept4", "socketcall",
    // Calls that others make for us, past this filter.
    "io_uring_setup", "io_uring_enter", "io_uring_register",
    // Other programs and processes.
    "execve", "execveat", "vfork", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "pidfd_send_signal", "pidfd_open", "process_madvise", "kcmp", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "userfaultfd", "setns", "unshare",
    // Other users' rights.
    "setuid", "setuid32", "setgid", "setgid32", "setreuid", "setreuid32", "setregid", "setregid32",
    "setresuid", "setresuid32", "setresgid", "setresgid32", "setfsuid", "setfsuid32", "setfsgid",
    "setfsgid32", "setgroups", "setgroups32", "capset", "chroot", "open_by_handle_at", "name_to_handle_at",
    "add_key", "keyctl", "request_key", "personality",
    // The machine.
    "mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig",
    "fspick", "mount_setattr", "swapon", "swapoff", "reboot", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module", "bpf", "perf_event_open", "acct", "quotactl", "quotactl_fd",
    "lookup_dcookie", "nfsservctl", "vhangup", "syslog", "iopl", "ioperm", "settimeofday", "clock_settime",
    "clock_settime64", "clock_adjtime", "adjtimex", "stime", "sethostname", "setdomainname", "mknod",
    "mknodat", "fanotify_init"};

// A thread shares the memory; what does not is another process.
void deny_new_processes(const Filter& filter) {
    add_rule(filter, SCMP_ACT_ERRNO(EPERM), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_VM, 0));
    constexpr const char* kFork[] = {"fork"};
    add_rules(filter, SCMP_ACT_ERRNO(EPERM), kFork);
}

Filter make_compute_filter(Instrumentation instrumentation) {
    Filter filter = make_filter(SCMP_ACT_ALLOW);
    add_rules(filter, SCMP_ACT_ERRNO(EPERM), kDeniedCalls);
    add_rules(filter, SCMP_ACT_ERRNO(ENOSYS), kUnjudgedCalls);
    deny_new_processes(filter);
    const auto self = static_cast<scmp_datum_t>(::getpid());
    add_rule(filter, SCMP_ACT_ERRNO(EPERM), "kill", SCMP_A0(SCMP_CMP_NE, self));
    add_rule(filter, SCMP_ACT_ERRNO(EPERM), "tgkill", SCMP_A0(SCMP_CMP_NE, self));
    // Its own limits are looked up as those of process 0.
    add_rule(filter, SCMP_ACT_ERRNO(EPERM), "prlimit64", SCMP_A0(SCMP_CMP_NE, 0));
    // Typing into the terminal of whoever started us.
    add_rule(filter, SCMP_ACT_ERRNO(EPERM), "ioctl", SCMP_A1(SCMP_CMP_EQ, TIOCSTI));
    constexpr const char* kTracing[] = {"ptrace"};
    if (instrumentation == Instrumentation::none) add_rules(filter, SCMP_ACT_ERRNO(EPERM), kTracing);
    return filter;
}

}  // namespace

void filter_system_calls(SystemCalls calls, Instrumentation instrumentation) {
    const Filter filter = calls == SystemCalls::compute ? make_compute_filter(instrumentation)
                                                        : make_decoder_filter(instrumentation);
    seccomp_check(seccomp_load(filter.get()), "loading the filter");
}

}  // namespace msst
