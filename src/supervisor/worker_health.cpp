#include "supervisor/worker_health.h"

namespace msst::supervisor {

using tasks::WorkerMessage;

WorkerHealth::WorkerHealth(Milliseconds silence_timeout, Milliseconds progress_timeout, Milliseconds now)
    : silence_timeout_(silence_timeout), progress_timeout_(progress_timeout), heard_(now), advanced_(now) {}

void WorkerHealth::hear(const WorkerMessage& message, Milliseconds now) {
    heard_ = now;
    switch (message.kind) {
        case WorkerMessage::Kind::hello:
        case WorkerMessage::Kind::alive:
            break;
        case WorkerMessage::Kind::busy:
            task_id_ = message.task_id;
            advanced_ = now;
            break;
        case WorkerMessage::Kind::progress:
            advanced_ = now;
            break;
        case WorkerMessage::Kind::idle:
            task_id_.clear();
            ++tasks_ended_;
            break;
        case WorkerMessage::Kind::memory:
            memory_ = {.total_bytes = message.total_bytes, .free_bytes = message.free_bytes};
            break;
        case WorkerMessage::Kind::model:
            model_ = message.model;
            break;
    }
}

WorkerHealth::Verdict WorkerHealth::verdict(Milliseconds now) const {
    if (now - heard_ >= silence_timeout_) return Verdict::silent;
    if (is_busy() && now - advanced_ >= progress_timeout_) return Verdict::stuck;
    return Verdict::healthy;
}

}  // namespace msst::supervisor
