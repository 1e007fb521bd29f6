#pragma once

#include <string>
#include <string_view>

#include "tasks/task.h"

// The parts of a task that are stored as JSON. Not the API's JSON, which is made in http/.
//
// Written text is valid JSON whatever the strings hold (bad UTF-8 becomes U+FFFD, a number that is not finite
// becomes null). Reading ignores fields it does not know and gives missing ones their default, so that a
// database may be read by the version before and the version after.

namespace msst::tasks {

std::string to_json_text(const SeparationRequest& request);
std::string to_json_text(const InputFacts& input);
std::string to_json_text(const TaskResult& result);
std::string to_json_text(const TaskError& error);

// Throw Error(internal) for text that is not such an object: what we wrote ourselves is damaged.
SeparationRequest parse_separation_request(std::string_view text);
InputFacts parse_input_facts(std::string_view text);
TaskResult parse_task_result(std::string_view text);
TaskError parse_task_error(std::string_view text);

}  // namespace msst::tasks
