#include "base/child_process.h"

#include <array>
#include <csignal>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"

namespace msst {
namespace {

using namespace std::chrono_literals;

ChildOptions shell(const std::string& script) {
    return {.program = "/bin/sh", .arguments = {"-c", script}};
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::read(fd, bytes.data(), bytes.size())) > 0;)
        text.append(bytes.data(), static_cast<size_t>(count));
    return text;
}

// What the script prints.
std::string output_of(ChildOptions options) {
    Pipe pipe = make_pipe();
    options.standard_output = pipe.writer.get();
    ChildProcess child = ChildProcess::start(options);
    pipe.writer.reset();
    std::string text = read_all(pipe.reader.get());
    child.wait();
    return text;
}

TEST(ChildProcess, TellsTheExitStatus) {
    const ExitStatus status = ChildProcess::start(shell("exit 3")).wait();

    EXPECT_EQ(status.code, 3);
    EXPECT_FALSE(status.is_success());
    EXPECT_EQ(to_string(status), "exited with status 3");
}

TEST(ChildProcess, TellsTheSignalThatEndedIt) {
    const ExitStatus status = ChildProcess::start(shell("kill -9 $$")).wait();

    EXPECT_EQ(to_string(status), "was killed by signal 9 (Killed)");
}

TEST(ChildProcess, SaysWhyAProgramCannotBeStarted) {
    try {
        ChildProcess::start({.program = "/no/such/program"});
        FAIL() << "it started";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_STREQ(error.what(), "cannot start /no/such/program: No such file or directory");
    }
}

TEST(ChildProcess, StillRunsWhenTheTimeoutIsOver) {
    ChildProcess child = ChildProcess::start(shell("exec sleep 60"));

    EXPECT_FALSE(child.wait_for(10ms).has_value());
    child.send_signal(SIGTERM);
    EXPECT_EQ(child.wait().signal, SIGTERM);
}

TEST(ChildProcess, IsGoneWithItsObject) {
    pid_t pid = -1;
    {
        const ChildProcess child = ChildProcess::start(shell("exec sleep 60"));
        pid = child.pid();
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(ChildProcess, DiesWithTheThreadThatStartedIt) {
    std::optional<ChildProcess> child;
    std::thread([&] { child = ChildProcess::start(shell("exec sleep 60")); }).join();

    EXPECT_EQ(child->wait().signal, SIGKILL);
}

TEST(ChildProcess, InheritsNoOtherDescriptor) {
    const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC, as libraries open theirs
    ASSERT_GT(leaky.get(), 2);

    // 3 is the folder that ls itself reads.
    EXPECT_EQ(output_of(shell("exec ls /proc/self/fd")), "0\n1\n2\n3\n");
}

TEST(ChildProcess, GetsTheDescriptorsItIsGiven) {
    Pipe pipe = make_pipe();
    write_all(pipe.writer.get(), "hello", "pipe");
    pipe.writer.reset();
    ChildOptions options = shell("exec cat <&3");
    options.descriptors = {pipe.reader.get()};

    EXPECT_EQ(output_of(options), "hello");
}

TEST(ChildProcess, DoesNotInheritBlockedOrIgnoredSignals) {
    sigset_t term;
    sigset_t before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, &before);
    const auto handler = std::signal(SIGTERM, SIG_IGN);
    ChildProcess child = ChildProcess::start(shell("exec sleep 60"));
    std::signal(SIGTERM, handler);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);

    child.send_signal(SIGTERM);
    EXPECT_EQ(child.wait().signal, SIGTERM);
}

TEST(ChildProcess, SeesTheGivenEnvironmentInPlaceOfTheInherited) {
    ::setenv("MSST_TEST_VALUE", "inherited", /*overwrite=*/1);
    ChildOptions options = shell("echo $MSST_TEST_VALUE");
    EXPECT_EQ(output_of(options), "inherited\n");
    options.environment = {"MSST_TEST_VALUE=given"};
    EXPECT_EQ(output_of(options), "given\n");
    options.environment = {};
    options.inherits_environment = false;
    EXPECT_EQ(output_of(options), "\n");
}

}  // namespace
}  // namespace msst
