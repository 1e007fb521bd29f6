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
    // Of the process that forks a child for each file; its descriptor 3 is the socket.
    std::filesystem::path program;
    std::vector<std::string> arguments;
    Milliseconds timeout{10'000};
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
    using Server = std::shared_ptr<ForkServer>;

    void keep_server();
    Server server();
    void retire(const Server& server);
    ProbeChild start_child();
    void log_sandbox_gaps(const std::string& answer);

    ProberOptions options_;
    Log& log_;

    std::once_flag gaps_logged_;

    std::mutex mutex_;
    std::condition_variable changed_;
    Server server_;            // guarded by mutex_; none: the thread is starting one
    std::string failure_;      // guarded by mutex_; why the last start failed, until one succeeds
    bool is_stopped_ = false;  // guarded by mutex_

    std::thread thread_;  // starts servers: they would die with the thread of a request
};

}  // namespace msst::supervisor
