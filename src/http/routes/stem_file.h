#pragma once

#include <filesystem>
#include <string>

#include "http/message.h"
#include "http/routes/context.h"
#include "tasks/task.h"

namespace msst::http::routes {

// A published stem, open. Throws 410 results_expired when retention was faster.
struct OpenStem {
    FileSlice content;
    Timestamp modified{};
};
OpenStem open_stem(Context& context, const tasks::Task& task, const tasks::StemFile& stem);

// "song" for an input named "song.mp3"; for the names of downloads.
std::string input_title(const tasks::Task& task);

}  // namespace msst::http::routes
