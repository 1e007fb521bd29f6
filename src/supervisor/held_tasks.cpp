#include "supervisor/held_tasks.h"

namespace msst::supervisor {
namespace {

constexpr int kTasksPerPage = 100;

}  // namespace

std::vector<tasks::Lease> list_held(tasks::TaskStore& store,
                                    const std::function<bool(const std::string&)>& is_meant) {
    std::vector<tasks::Lease> held;
    tasks::TaskQuery query{.owner = std::nullopt,
                           .statuses = {tasks::TaskStatus::processing},
                           .model_type = {},
                           .before_task_id = {},
                           .limit = kTasksPerPage};
    while (true) {
        const auto page = store.list(query);
        for (const tasks::Task& task : page)
            if (is_meant(task.worker))
                held.push_back({.task = task, .worker = task.worker, .epoch = task.epoch});
        if (page.size() < kTasksPerPage) return held;
        query.before_task_id = page.back().task_id;
    }
}

int release_held(tasks::TaskStore& store, const std::function<bool(const std::string&)>& is_meant) {
    int released = 0;
    for (const tasks::Lease& lease : list_held(store, is_meant))
        if (store.release(lease)) ++released;
    return released;
}

}  // namespace msst::supervisor
