#include "worker/attempt.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "worker/guarded_end.h"
#include "worker/lease_watch.h"
#include "worker/song_job.h"
#include "worker/task_failure.h"

namespace msst::worker {
namespace {

// Looks after the lease, on a thread of its own, until it goes out of scope.
class LeaseWatchThread {
public:
    explicit LeaseWatchThread(LeaseWatch& watch)
        : thread_([this, &watch](const std::stop_token& stop) {
              std::unique_lock lock(mutex_);
              while (!stop.stop_requested()) {
                  lock.unlock();
                  watch.look();
                  lock.lock();
                  changed_.wait_for(lock, stop, LeaseWatch::kInterval, [] { return false; });
              }
          }) {}

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread thread_;
};

class Attempt {
public:
    Attempt(const AttemptParts& parts, const tasks::Lease& lease, Milliseconds claimed_at)
        : parts_(parts),
          lease_(lease),
          task_id_(lease.task.task_id),
          claimed_at_(claimed_at),
          watch_({.store = parts.store,
                  .clock = parts.clock,
                  .log = parts.log,
                  .lease = parts.lease,
                  .drain_deadline = parts.drain_deadline,
                  .on_advance = parts.on_advance},
                 lease, claimed_at) {}

    AttemptEnd run() {
        try {
            const LeaseWatchThread watching(watch_);
            return separate_and_end();
        } catch (const std::exception& error) {
            // The statement that ends the attempt, or the thread that watches, failed in an unforeseen way.
            parts_.log.error("attempt_not_ended", fields({{"error", error.what()}}));
            erase_own_files();
            return AttemptEnd::lost;
        }
    }

private:
    AttemptEnd separate_and_end() {
        std::optional<tasks::TaskResult> result;
        std::exception_ptr failure;
        try {
            result = separate();
        } catch (...) {
            failure = std::current_exception();
        }
        // Whoever stopped it is the reason, whatever it threw.
        switch (watch_.reason()) {
            case StopReason::cancelled:
                return end_cancelled();
            case StopReason::drained:
                return end_released();
            case StopReason::lease_lost:
                return end_lost();
            case StopReason::none:
                break;
        }
        if (!watch_.is_held()) return end_lost();
        return failure ? end_failed(failure) : end_completed(*result);
    }

    tasks::TaskResult separate() {
        watch_.set_progress(tasks::Stage::loading_model, /*fraction=*/0);
        const auto separator =
            parts_.separators.open(lease_.task.request.model_type, [this](double fraction) {
                // Loading is the one long step that cannot be told to stop in another way.
                if (watch_.stop_token().stop_requested())
                    throw Error(ErrorCode::cancelled, "stopped while the model was loaded");
                watch_.set_loading(fraction);
            });
        watch_.set_progress(tasks::Stage::decoding, /*fraction=*/0);
        directory_ = parts_.blobs.create_result_directory(task_id_, lease_.epoch);
        tasks::TaskResult result = run_song_job(
            *separator,
            {.request = lease_.task.request,
             .input = parts_.blobs.local_path(lease_.task.input_key),
             .directory = directory_,
             .max_audio_seconds = parts_.max_audio_seconds,
             .on_progress = [this](tasks::Stage stage, double part) { watch_.set_progress(stage, part); }},
            watch_.stop_token());
        parts_.blobs.publish_result_directory(task_id_, lease_.epoch);
        result.processing_seconds = seconds_since_claim();
        return result;
    }

    AttemptEnd end_completed(const tasks::TaskResult& result) {
        const GuardedEnd end =
            this->end(tasks::TaskStatus::completed, [&] { return parts_.store.complete(lease_, result); });
        if (end == GuardedEnd::fenced) return end_lost();
        // The files may count already; if not, they are found as another epoch's, or as orphans.
        if (end == GuardedEnd::unknown) return end_unknown();
        parts_.log.info("task_completed", fields({{"seconds", result.processing_seconds},
                                                  {"audio_seconds", result.audio_seconds}}));
        clean_up([&] { parts_.blobs.erase_other_epochs(task_id_, lease_.epoch); });
        erase_upload();
        return AttemptEnd::completed;
    }

    AttemptEnd end_failed(const std::exception_ptr& thrown) {
        const TaskFailure failure = describe_failure(thrown);
        const GuardedEnd end =
            this->end(tasks::TaskStatus::failed, [&] { return parts_.store.fail(lease_, failure.error); });
        parts_.log.write(failure.error.code == "internal_error" ? LogLevel::error : LogLevel::info,
                         "task_failed", fields({{"code", failure.error.code}, {"error", failure.details}}));
        if (end == GuardedEnd::done) erase_task_files();
        if (end != GuardedEnd::done) erase_own_files();
        if (failure.is_tainted) return AttemptEnd::tainted;
        return end == GuardedEnd::done ? AttemptEnd::failed : AttemptEnd::lost;
    }

    AttemptEnd end_cancelled() {
        const GuardedEnd end =
            this->end(tasks::TaskStatus::cancelled, [&] { return parts_.store.mark_cancelled(lease_); });
        if (end != GuardedEnd::done) return end_lost();
        parts_.log.info("task_cancelled", fields({{"seconds", seconds_since_claim()}}));
        erase_task_files();
        return AttemptEnd::cancelled;
    }

    AttemptEnd end_released() {
        erase_own_files();
        const GuardedEnd end =
            this->end(tasks::TaskStatus::pending, [&] { return parts_.store.release(lease_); });
        if (end != GuardedEnd::done) return end_lost();
        parts_.log.info("task_released", fields({}));
        return AttemptEnd::released;
    }

    AttemptEnd end_lost() {
        parts_.log.warning("lease_lost", fields({{"seconds", seconds_since_claim()}}));
        erase_own_files();
        return AttemptEnd::lost;
    }

    AttemptEnd end_unknown() {
        parts_.log.error("completion_unknown", fields({}));
        return AttemptEnd::lost;
    }

    GuardedEnd end(tasks::TaskStatus status, const std::function<bool()>& statement) {
        return end_attempt({parts_.store, parts_.clock, parts_.log}, lease_, watch_, status, statement);
    }

    // Only this attempt's: another one may be at work on the same task.
    void erase_own_files() {
        if (directory_.empty()) return;
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    // Of a task that is final without a result.
    void erase_task_files() {
        clean_up([&] { parts_.blobs.erase_results(task_id_); });
        erase_upload();
    }

    void erase_upload() {
        clean_up([&] { parts_.blobs.erase_upload(lease_.task.input_key); });
    }

    // What is not erased here is erased by retention.
    void clean_up(const std::function<void()>& step) {
        try {
            step();
        } catch (const std::exception& error) {
            parts_.log.warning("clean_up_failed", fields({{"error", error.what()}}));
        }
    }

    double seconds_since_claim() const {
        return std::chrono::duration<double>(parts_.clock.monotonic() - claimed_at_).count();
    }

    Log::Fields fields(const Log::Fields& more) const {
        Log::Fields all = {
            {"task_id", task_id_}, {"epoch", lease_.epoch}, {"model_type", lease_.task.request.model_type}};
        if (more.is_object()) all.update(more);
        return all;
    }

    const AttemptParts& parts_;
    const tasks::Lease& lease_;
    const std::string& task_id_;
    Milliseconds claimed_at_;
    LeaseWatch watch_;
    std::filesystem::path directory_;  // of this epoch, once it exists
};

}  // namespace

AttemptEnd run_attempt(const AttemptParts& parts, const tasks::Lease& lease, Milliseconds claimed_at) {
    return Attempt(parts, lease, claimed_at).run();
}

}  // namespace msst::worker
