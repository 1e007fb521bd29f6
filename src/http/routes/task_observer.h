#pragma once

#include <functional>
#include <set>
#include <string>

#include "tasks/task.h"

namespace msst::tasks {
class TaskStore;
}

namespace msst::http::routes {

// Tells of every task that becomes final, once, from when it was made on. It asks the store at each look, and
// not for more than the tasks that are new or were not final at the look before. Not thread-safe.
class TaskObserver {
public:
    explicit TaskObserver(tasks::TaskStore& store) : store_(store) {}

    // Throws as the store; what was not told then is told at the next look. The first look tells nothing: it
    // learns what there is.
    void look(const std::function<void(const tasks::Task&)>& on_final);

private:
    void learn_active();
    void find_new();

    tasks::TaskStore& store_;
    bool has_looked_ = false;
    std::string newest_id_;
    std::set<std::string> open_;  // tasks that were not final when last seen, or are new
};

}  // namespace msst::http::routes
