#include "base/sandbox.h"

#include <cerrno>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "support/temp_folder.h"

namespace msst {
namespace {

// Runs `action` in a process of its own, inside the sandbox. Returns whether it said yes; a crash is a no.
bool holds_inside(const SandboxRules& rules, const std::function<bool()>& action) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        enter_sandbox(rules);
        ::_exit(action() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool has_landlock() {
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

bool is_denied(long result) {
    return result == -1 && errno == EPERM;
}

bool can_fork() {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    return pid > 0;
}

class Sandbox : public ::testing::TestWithParam<SystemCalls> {
protected:
    SandboxRules rules{.calls = GetParam()};
};

TEST_P(Sandbox, HasNoNetwork) {
    EXPECT_TRUE(holds_inside(rules, [] { return is_denied(::socket(AF_INET, SOCK_STREAM, 0)); }));
    EXPECT_TRUE(holds_inside(rules, [] { return is_denied(::socket(AF_UNIX, SOCK_STREAM, 0)); }));
}

TEST_P(Sandbox, RunsNoOtherProgram) {
    EXPECT_TRUE(holds_inside(rules, [] { return is_denied(::execl("/bin/true", "true", nullptr)); }));
}

TEST_P(Sandbox, MakesNoProcess) {
    EXPECT_TRUE(holds_inside(rules, [] { return !can_fork() && errno == EPERM; }));
}

TEST_P(Sandbox, SignalsNobodyElse) {
    EXPECT_TRUE(holds_inside(rules, [] { return is_denied(::kill(::getppid(), 0)); }));
    EXPECT_TRUE(holds_inside(rules, [] { return ::kill(::getpid(), 0) == 0; }));
}

TEST_P(Sandbox, TakesNoOtherUsersRights) {
    // The call itself: libc's function, and ThreadSanitizer's, have to do with threads too.
    EXPECT_TRUE(holds_inside(rules, [] { return is_denied(::syscall(SYS_setuid, 0)); }));
}

TEST_P(Sandbox, KeepsMemoryAndTheClock) {
    EXPECT_TRUE(holds_inside(rules, [] {
        void* memory = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        timespec now{};
        return memory != MAP_FAILED && ::clock_gettime(CLOCK_MONOTONIC, &now) == 0;
    }));
}

INSTANTIATE_TEST_SUITE_P(Both, Sandbox, ::testing::Values(SystemCalls::decode_one_file, SystemCalls::compute),
                         [](const auto& test) {
                             return test.param == SystemCalls::compute ? "Compute" : "DecodeOneFile";
                         });

TEST(SandboxOfAWorker, LeavesNoCoreAndGainsNothingFromPrivilegedFiles) {
    EXPECT_TRUE(holds_inside({.calls = SystemCalls::compute}, [] {
        rlimit limit{};
        return ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 &&
               ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    }));
}

TEST(SandboxOfAWorker, LeavesTheLimitsOfOthersAlone) {
    EXPECT_TRUE(holds_inside({.calls = SystemCalls::compute}, [] {
        rlimit limit{};
        return is_denied(::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, &limit));
    }));
}

TEST(SandboxOfAWorker, KeepsThreadsAndFiles) {
    const testing::TempFolder folder;
    EXPECT_TRUE(holds_inside({.calls = SystemCalls::compute}, [&] {
        bool has_run = false;
        std::thread([&] { has_run = true; }).join();
        return has_run && ::open((folder / "new").c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
    }));
}

TEST(SandboxOfADecoder, ReadsButDoesNotWrite) {
    const testing::TempFolder folder;
    const SandboxRules rules{.calls = SystemCalls::decode_one_file};
    EXPECT_TRUE(holds_inside(
        rules, [&] { return is_denied(::open((folder / "new").c_str(), O_WRONLY | O_CREAT, 0600)); }));
    EXPECT_TRUE(holds_inside(rules, [] { return ::open("/dev/null", O_RDONLY) >= 0; }));
}

TEST(SandboxOfADecoder, OpensOnlyTheFileItIsGiven) {
    if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
    const testing::TempFolder folder;
    for (const char* name : {"mine", "other"})
        write_all(open_file(folder / name, O_WRONLY | O_CREAT).get(), "x", name);
    const UniqueFd mine = open_file(folder / "mine", O_RDONLY);
    const std::string path = "/proc/self/fd/" + std::to_string(mine.get());
    const SandboxRules rules{.calls = SystemCalls::decode_one_file,
                             .files = FileRules{.readable = {path}, .writable = {}}};

    EXPECT_TRUE(holds_inside(rules, [&] { return ::open(path.c_str(), O_RDONLY) >= 0; }));
    EXPECT_TRUE(holds_inside(
        rules, [&] { return ::open((folder / "other").c_str(), O_RDONLY) < 0 && errno == EACCES; }));
}

TEST(SandboxOfAWorker, WritesOnlyWhereItIsMeantTo) {
    if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
    const testing::TempFolder mine;
    const testing::TempFolder other;
    const SandboxRules rules{.calls = SystemCalls::compute,
                             .files = FileRules{.readable = {"/"}, .writable = {mine.path()}}};
    const auto can_make = [](const std::filesystem::path& path) {
        return ::open(path.c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
    };

    EXPECT_TRUE(holds_inside(rules, [&] { return can_make(mine / "x"); }));
    EXPECT_TRUE(holds_inside(rules, [&] { return !can_make(other / "x") && errno == EACCES; }));
}

TEST(SandboxLimits, EndAProcessThatComputesForTooLong) {
    const SandboxRules rules{.calls = SystemCalls::decode_one_file, .limits = {.cpu_seconds = 1}};
    const pid_t pid = ::fork();
    if (pid == 0) {
        enter_sandbox(rules);
        while (true) ::getppid();
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace msst
