#include "http/routes/stem_file.h"

#include <memory>

#include "http/routes/owned_task.h"
#include "tasks/blob_store.h"

namespace msst::http::routes {

OpenStem open_stem(Context& context, const tasks::Task& task, const tasks::StemFile& stem) {
    auto blob = context.services.blobs.open(tasks::result_key(task.task_id, task.epoch, stem.filename));
    if (!blob) throw_results_expired();
    const int64_t size = blob->size_bytes;
    auto file = std::make_shared<const UniqueFd>(std::move(blob->fd));
    return {.content = {.file = std::move(file), .offset = 0, .length = size}, .modified = blob->modified};
}

std::string input_title(const tasks::Task& task) {
    const std::string title = std::filesystem::path(task.input.filename).stem().string();
    return title.empty() ? "separated" : title;
}

}  // namespace msst::http::routes
