#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tasks/task_store.h"

// The task stores that the conformance suite runs on.

namespace msst::store::testing {

struct StoreKind {
    std::string name;
    // A store that keeps its data in `folder`; opening the same folder again finds the same tasks.
    std::function<std::unique_ptr<tasks::TaskStore>(const std::filesystem::path& folder, const Clock&)> open;
};

std::vector<StoreKind> available_stores();

inline void PrintTo(const StoreKind& kind, std::ostream* out) {
    *out << kind.name;
}

}  // namespace msst::store::testing
