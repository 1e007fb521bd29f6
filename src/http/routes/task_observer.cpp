#include "http/routes/task_observer.h"

#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

constexpr int kPage = 100;

}  // namespace

void TaskObserver::learn_active() {
    tasks::TaskQuery query;
    query.limit = 1;
    const auto newest = store_.list(query);
    const std::string newest_id = newest.empty() ? std::string() : newest[0].task_id;
    query.limit = kPage;
    query.statuses = {tasks::TaskStatus::pending, tasks::TaskStatus::processing};
    for (;;) {
        const auto page = store_.list(query);
        for (const tasks::Task& task : page) open_.insert(task.task_id);
        if (page.size() < kPage) break;
        query.before_task_id = page.back().task_id;
    }
    newest_id_ = newest_id;
    has_looked_ = true;
}

void TaskObserver::find_new() {
    tasks::TaskQuery query;
    query.limit = kPage;
    std::string newest_id = newest_id_;
    for (;;) {
        const auto page = store_.list(query);
        for (const tasks::Task& task : page) {
            if (task.task_id <= newest_id_) {
                newest_id_ = newest_id;
                return;
            }
            newest_id = std::max(newest_id, task.task_id);
            open_.insert(task.task_id);
        }
        if (page.size() < kPage) break;
        query.before_task_id = page.back().task_id;
    }
    newest_id_ = newest_id;
}

void TaskObserver::look(const std::function<void(const tasks::Task&)>& on_final) {
    if (!has_looked_) return learn_active();
    find_new();
    for (auto id = open_.begin(); id != open_.end();) {
        const auto task = store_.find(*id);
        if (task && !tasks::is_final(task->status)) {
            ++id;
            continue;
        }
        if (task) on_final(*task);
        id = open_.erase(id);
    }
}

}  // namespace msst::http::routes
