#include "supervisor/prober.h"

#include <utility>

#include <fcntl.h>

#include "base/error.h"
#include "base/files.h"
#include "supervisor/probe_answer.h"

namespace msst::supervisor {
namespace {

constexpr Milliseconds kStartRetry{1'000};
constexpr Milliseconds kExitPatience{100};

}  // namespace

Prober::Prober(ProberOptions options, Log& log)
    : options_(std::move(options)), log_(log), thread_([this] { keep_spares(); }) {}

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
    Child child = take_child();
    try {
        const std::string answer = child->ask(descriptor.get(), options_.timeout);
        std::call_once(gaps_logged_, [&] { log_sandbox_gaps(answer); });
        const tasks::AudioFacts facts = parse_probe_answer(answer);
        bury(std::move(child));
        return facts;
    } catch (const Error& error) {
        log_failure(*child, error.what());
        bury(std::move(child));
        throw;
    }
}

void Prober::keep_spares() {
    std::unique_lock lock(mutex_);
    while (!is_stopped_) {
        changed_.wait(lock, [this] { return is_stopped_ || is_wanting() || !used_.empty(); });
        std::vector<Child> used = std::exchange(used_, {});
        const bool is_short = !is_stopped_ && is_wanting();
        lock.unlock();
        // Ending a process takes a moment, starting one another.
        used.clear();
        Child spare;
        try {
            if (is_short) spare = std::make_unique<ProbeChild>(options_.command);
        } catch (const Error& error) {
            log_.error("prober_not_started", {{"error", error.what()}});
        }
        lock.lock();
        if (spare)
            spares_.push_back(std::move(spare));
        else if (is_short)
            changed_.wait_for(lock, kStartRetry, [this] { return is_stopped_; });
    }
}

bool Prober::is_wanting() const {
    return static_cast<int>(spares_.size()) < options_.spares;
}

// One that waits, or else a new one.
Prober::Child Prober::take_child() {
    while (true) {
        Child child;
        {
            const std::lock_guard lock(mutex_);
            if (spares_.empty()) break;
            child = std::move(spares_.back());
            spares_.pop_back();
        }
        changed_.notify_all();
        if (child->is_waiting()) return child;
    }
    return std::make_unique<ProbeChild>(options_.command);
}

void Prober::bury(Child child) {
    {
        const std::lock_guard lock(mutex_);
        used_.push_back(std::move(child));
    }
    changed_.notify_all();
}

void Prober::log_sandbox_gaps(const std::string& answer) {
    if (const std::string gaps = list_sandbox_gaps(answer); !gaps.empty())
        log_.warning("prober_sandbox", {{"not_applied", gaps}});
}

void Prober::log_failure(ProbeChild& child, const std::string& error) {
    const auto status = child.find_exit(kExitPatience);
    log_.info("audio_refused",
              {{"error", error}, {"child", status ? to_string(*status) : std::string("still ran")}});
}

}  // namespace msst::supervisor
