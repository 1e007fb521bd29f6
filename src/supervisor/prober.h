#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "supervisor/probe_child.h"
#include "tasks/audio_check.h"

namespace msst::supervisor {

struct ProberOptions {
    ProbeChild::Command command;  // its descriptor 3 is the socket
    Milliseconds timeout{10'000};
    int spares = 1;  // children that are started ahead, since most of the time is spent starting
};

// Looks at uploads in sandboxed children, one file each: whatever a file does to its child, the server lives.
class Prober {
public:
    Prober(ProberOptions options, Log& log);
    ~Prober();
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    // A tasks::AudioCheck. Thread-safe.
    tasks::AudioFacts check(const std::filesystem::path& file);

private:
    using Child = std::unique_ptr<ProbeChild>;

    void keep_spares();
    bool is_wanting() const;
    Child take_child();
    void bury(Child child);
    void log_sandbox_gaps(const std::string& answer);
    void log_failure(ProbeChild& child, const std::string& error);

    ProberOptions options_;
    Log& log_;

    std::once_flag gaps_logged_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Child> spares_;  // guarded by mutex_
    std::vector<Child> used_;    // guarded by mutex_
    bool is_stopped_ = false;    // guarded by mutex_

    std::thread thread_;  // starts spares: they would die with the thread of a request
};

}  // namespace msst::supervisor
