#include <algorithm>

#include "base/error.h"
#include "http/file_response.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "http/routes/stem_file.h"

// GET and HEAD /api/v1/download/{task_id}/{filename}

namespace msst::http::routes {
namespace {

[[noreturn]] void throw_unknown_source() {
    throw Error(ErrorCode::not_found, "the task has no such source");
}

const tasks::StemFile& find_stem(const tasks::Task& task, const std::string& filename) {
    const auto& sources = task.result->sources;
    const auto stem = std::ranges::find(sources, filename, &tasks::StemFile::filename);
    if (stem == sources.end()) throw_unknown_source();
    return *stem;
}

}  // namespace

Response download_source(Context& context, const Request& request) {
    const tasks::Task task = owned_task(context, request);
    if (!tasks::is_final(task.status)) throw_unknown_source();
    ensure_results(context, task);
    const tasks::StemFile& stem = find_stem(task, request.path_values.find("filename")->second);
    OpenStem file = open_stem(context, task, stem);
    const std::string extension = std::filesystem::path(stem.filename).extension().string();

    Entity entity;
    entity.content.emplace_back(std::move(file.content));
    entity.etag = "\"" + stem.sha256 + "\"";
    entity.last_modified = file.modified;
    entity.content_type = stem.content_type;
    entity.file_name = input_title(task) + " (" + stem.name + ")" + extension;
    return file_response(request, entity);
}

}  // namespace msst::http::routes
