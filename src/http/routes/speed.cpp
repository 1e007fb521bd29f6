#include "http/routes/speed.h"

#include <algorithm>

#include "tasks/task.h"

namespace msst::http::routes {
namespace {

constexpr double kTrustedProgress = 5;  // per cent
constexpr double kUnknownFactor = 1;    // until a model has finished its first task

// Test-time augmentation separates the song three times.
int passes(const tasks::Task& task) {
    return task.request.use_tta ? 3 : 1;
}

}  // namespace

void Speed::learn(const tasks::Task& task) {
    if (!task.result || task.result->audio_seconds <= 0 || task.result->processing_seconds <= 0) return;
    const double factor = task.result->processing_seconds / task.result->audio_seconds / passes(task);
    const std::lock_guard lock(mutex_);
    const auto [entry, is_new] = factors_.try_emplace(task.request.model_type, factor);
    if (!is_new) entry->second += 0.25 * (factor - entry->second);
}

double Speed::expected_seconds(const tasks::Task& task) const {
    const std::lock_guard lock(mutex_);
    const auto known = factors_.find(task.request.model_type);
    const double factor = known == factors_.end() ? kUnknownFactor : known->second;
    return factor * task.input.duration_seconds * passes(task);
}

double Speed::remaining_seconds(const tasks::Task& task, Timestamp now) const {
    const Timestamp start = task.started_at.value_or(task.created_at);
    const double elapsed = std::max(0.0, std::chrono::duration<double>(now - start).count());
    const double progress = std::clamp(task.progress, 0.0, 100.0);
    const double by_experience = std::max(0.0, expected_seconds(task) * (100 - progress) / 100);
    if (progress <= 0) return by_experience;
    const double by_progress = elapsed * (100 - progress) / progress;
    const double trust = std::min(1.0, progress / kTrustedProgress);
    return trust * by_progress + (1 - trust) * by_experience;
}

}  // namespace msst::http::routes
