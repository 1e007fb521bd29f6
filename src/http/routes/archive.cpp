#include "base/sha256.h"
#include "http/file_response.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "http/routes/stem_file.h"
#include "http/routes/zip.h"

// GET /api/v1/tasks/{task_id}/archive

namespace msst::http::routes {
namespace {

ZipMember member_of(Context& context, const tasks::Task& task, const tasks::StemFile& stem) {
    OpenStem file = open_stem(context, task, stem);
    const uint32_t crc = context.checksums.crc32(stem.sha256, *file.content.file, file.content.length);
    return {.name = stem.filename, .content = std::move(file.content), .crc32 = crc};
}

// The same archive for the same stems: names, contents and time make all of its bytes.
std::string archive_etag(const tasks::Task& task) {
    std::string text = to_iso8601(task.finished_at.value_or(task.created_at));
    for (const tasks::StemFile& stem : task.result->sources)
        text += '\n' + stem.filename + '\n' + stem.sha256;
    return "\"zip-" + sha256_hex(text).substr(0, 40) + "\"";
}

}  // namespace

Response get_archive(Context& context, const Request& request) {
    const tasks::Task task = owned_task(context, request);
    ensure_results(context, task);
    std::vector<ZipMember> members;
    for (const tasks::StemFile& stem : task.result->sources)
        members.push_back(member_of(context, task, stem));

    Entity entity;
    entity.last_modified = task.finished_at.value_or(task.created_at);
    entity.content = stored_zip(members, entity.last_modified);
    entity.etag = archive_etag(task);
    entity.content_type = "application/zip";
    entity.file_name = input_title(task) + " (stems).zip";
    return file_response(request, entity);
}

}  // namespace msst::http::routes
