#include "supervisor/janitor_thread.h"

namespace msst::supervisor {

JanitorThread::JanitorThread(Janitor& janitor, Log& log, Milliseconds interval)
    : janitor_(janitor),
      log_(log),
      interval_(interval),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void JanitorThread::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        try {
            janitor_.sweep(stop);
        } catch (const std::exception& error) {
            log_.warning("sweep_failed", {{"error", error.what()}});
        }
        stopped_.wait_for(lock, stop, interval_, [] { return false; });
    }
}

}  // namespace msst::supervisor
