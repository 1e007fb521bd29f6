#include "tasks/task.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace msst::tasks {
namespace {

// The words of the API and of the database, in the order of the enumerators.
constexpr std::array<std::string_view, 5> kStatuses = {"pending", "processing", "completed", "failed",
                                                       "cancelled"};
constexpr std::array<std::string_view, 6> kStages = {"queued",     "decoding", "loading_model",
                                                     "separating", "encoding", "done"};

template <typename Enum, size_t count>
std::string_view name_of(Enum value, const std::array<std::string_view, count>& names) {
    const auto index = static_cast<size_t>(value);
    check(index < count, "an enumerator without a name");
    return names[index];
}

template <typename Enum, size_t count>
std::optional<Enum> find_name(std::string_view text, const std::array<std::string_view, count>& names) {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view to_string(TaskStatus status) {
    return name_of(status, kStatuses);
}

std::optional<TaskStatus> parse_task_status(std::string_view text) {
    return find_name<TaskStatus>(text, kStatuses);
}

bool is_final(TaskStatus status) {
    return status != TaskStatus::pending && status != TaskStatus::processing;
}

std::string_view to_string(Stage stage) {
    return name_of(stage, kStages);
}

std::optional<Stage> parse_stage(std::string_view text) {
    return find_name<Stage>(text, kStages);
}

}  // namespace msst::tasks
