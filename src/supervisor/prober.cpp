#include "supervisor/prober.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include <fcntl.h>

#include "base/error.h"
#include "base/files.h"
#include "supervisor/probe_answer.h"

namespace msst::supervisor {
namespace {

constexpr Milliseconds kStartRetry{1'000};

// Nothing of ours for the server but what it needs to find its libraries: keys may lie in the environment.
ChildOptions options_of_server(const ProberOptions& options) {
    // Symbols are looked up once, before the forks, and not by every child again.
    std::vector<std::string> environment = {"LD_BIND_NOW=1"};
    if (const char* path = std::getenv("LD_LIBRARY_PATH"))
        environment.push_back(std::string("LD_LIBRARY_PATH=") + path);
    return {.program = options.program,
            .arguments = options.arguments,
            .environment = environment,
            .inherits_environment = false,
            .standard_error = -1};
}

}  // namespace

Prober::Prober(ProberOptions options, Log& log)
    : options_(std::move(options)), log_(log), thread_([this] { keep_server(); }) {}

Prober::~Prober() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

tasks::AudioFacts Prober::check(const std::filesystem::path& file) {
    const UniqueFd descriptor = open_file(file, O_RDONLY);
    ProbeChild child = start_child();
    std::string end = "still ran";
    try {
        const std::string answer = child.ask(descriptor.get(), options_.timeout);
        end = "answered";
        std::call_once(gaps_logged_, [&] { log_sandbox_gaps(answer); });
        return parse_probe_answer(answer);
    } catch (const Error& error) {
        if (child.exit()) end = to_string(*child.exit());
        log_.info("audio_refused", {{"error", error.what()}, {"child", end}});
        throw;
    }
}

// One that waits for its file. A server that has died or hangs is replaced, once.
ProbeChild Prober::start_child() {
    for (bool is_last = false;; is_last = true) {
        const Server parent = server();
        std::optional<ProbeChild> child;
        try {
            child.emplace(parent->start_child());
            child->await_ready(options_.timeout);
            return std::move(*child);
        } catch (const Error&) {
            const bool is_silent = !child || !child->has_spoken();
            if (is_silent) retire(parent);
            if (is_last || !is_silent) throw;
        }
    }
}

// Waits for one that is being started. Throws Error(unavailable) if that fails.
Prober::Server Prober::server() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return server_ || !failure_.empty(); });
    if (!server_) throw Error(ErrorCode::unavailable, failure_);
    return server_;
}

void Prober::retire(const Server& server) {
    {
        const std::lock_guard lock(mutex_);
        if (server_ == server) server_.reset();
    }
    changed_.notify_all();
}

void Prober::keep_server() {
    std::unique_lock lock(mutex_);
    while (!is_stopped_) {
        lock.unlock();
        Server server;
        std::string failure;
        try {
            server = std::make_shared<ForkServer>(options_of_server(options_));
        } catch (const Error& error) {
            failure = error.what();
            log_.error("prober_not_started", {{"error", failure}});
        }
        lock.lock();
        server_ = std::move(server);
        failure_ = std::move(failure);
        changed_.notify_all();
        if (server_)
            changed_.wait(lock, [this] { return is_stopped_ || !server_; });
        else
            changed_.wait_for(lock, kStartRetry, [this] { return is_stopped_; });
    }
}

void Prober::log_sandbox_gaps(const std::string& answer) {
    if (const std::string gaps = list_sandbox_gaps(answer); !gaps.empty())
        log_.warning("prober_sandbox", {{"not_applied", gaps}});
}

}  // namespace msst::supervisor
