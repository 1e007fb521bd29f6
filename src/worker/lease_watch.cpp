#include "worker/lease_watch.h"

#include <algorithm>

#include "base/error.h"

namespace msst::worker {
namespace {

// The store says 100 when the files are published, not before.
constexpr double kMaxRunningPercent = 99.9;

}  // namespace

LeaseWatch::LeaseWatch(const Parts& parts, const tasks::Lease& lease, Milliseconds claimed_at)
    : parts_(parts),
      lease_(lease),
      next_renewal_(claimed_at + parts.lease / 3),
      deadline_(claimed_at + parts.lease) {}

void LeaseWatch::look() {
    if (reason() != StopReason::none) return;
    if (!is_held()) return stop(StopReason::lease_lost);
    const auto drain_deadline = parts_.drain_deadline ? parts_.drain_deadline() : std::nullopt;
    if (drain_deadline && parts_.clock.monotonic() >= *drain_deadline) return stop(StopReason::drained);
    ask_store();
}

void LeaseWatch::ask_store() {
    try {
        renew_or_read();
        if (reason() == StopReason::none) report();
        silence_.reset();
    } catch (const std::exception& error) {
        if (silence_.count_failure(parts_.clock.monotonic()))
            parts_.log.warning(
                "lease_not_renewed",
                {{"task_id", lease_.task.task_id}, {"tries", silence_.failures()}, {"error", error.what()}});
    }
}

void LeaseWatch::renew_or_read() {
    const Milliseconds sent = parts_.clock.monotonic();
    if (sent >= next_renewal_) {
        const auto renewal = parts_.store.renew(lease_, parts_.lease);
        if (!renewal) return stop(StopReason::lease_lost);
        set_deadline(sent + parts_.lease);
        next_renewal_ = sent + parts_.lease / 3;
        if (renewal->cancel_requested) stop(StopReason::cancelled);
        return;
    }
    const auto task = parts_.store.find(lease_.task.task_id);
    if (!task || task->epoch != lease_.epoch || task->status != tasks::TaskStatus::processing)
        stop(StopReason::lease_lost);
    else if (task->cancel_requested_at)
        stop(StopReason::cancelled);
}

void LeaseWatch::report() {
    Progress now;
    {
        const std::lock_guard lock(mutex_);
        now = progress_;
    }
    report_advance(now);
    if (written_ && written_->stage == now.stage && written_->fraction == now.fraction) return;
    const double percent = std::min(100 * now.fraction, kMaxRunningPercent);
    if (!parts_.store.report_progress(lease_, percent, now.stage)) return stop(StopReason::lease_lost);
    written_ = now;
}

void LeaseWatch::report_advance(const Progress& now) {
    const bool has_advanced =
        now.fraction > advanced_.fraction || now.loading > advanced_.loading || now.stage != advanced_.stage;
    if (has_advanced && parts_.on_advance) parts_.on_advance(now.fraction);
    advanced_ = now;
}

void LeaseWatch::set_progress(tasks::Stage stage, double fraction) {
    const std::lock_guard lock(mutex_);
    progress_.stage = stage;
    progress_.fraction = std::max(progress_.fraction, std::clamp(fraction, 0.0, 1.0));
}

void LeaseWatch::set_loading(double fraction) {
    const std::lock_guard lock(mutex_);
    progress_.stage = tasks::Stage::loading_model;
    progress_.loading = std::max(progress_.loading, fraction);
}

StopReason LeaseWatch::reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
}

bool LeaseWatch::is_held() const {
    const std::lock_guard lock(mutex_);
    return reason_ != StopReason::lease_lost && parts_.clock.monotonic() < deadline_;
}

void LeaseWatch::stop(StopReason reason) {
    {
        const std::lock_guard lock(mutex_);
        reason_ = reason;
    }
    stop_.request_stop();
}

void LeaseWatch::set_deadline(Milliseconds deadline) {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
}

}  // namespace msst::worker
