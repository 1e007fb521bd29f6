#include <algorithm>
#include <cmath>

#include <boost/asio/thread_pool.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "http/error_reply.h"
#include "http/offload.h"
#include "http/routes/idempotency.h"
#include "http/routes/json_response.h"
#include "http/routes/model_reply.h"
#include "http/routes/routes.h"
#include "http/routes/task_reply.h"
#include "http/routes/upload.h"
#include "tasks/task_store.h"

// POST /api/v1/separate. Checks come cheapest first, so that nothing is read that will be refused: the queue,
// the disk, the fields, the model, the size while it streams, and last the audio.

namespace msst::http::routes {
namespace {

using beast_http::status;
using IdempotentTask = tasks::TaskStore::IdempotentTask;

[[noreturn]] void refuse(status code, const char* word, std::string message, HeaderList headers = {}) {
    throw ApiError({.status = code,
                    .code = word,
                    .message = std::move(message),
                    .errors = {},
                    .headers = std::move(headers)});
}

[[noreturn]] void refuse_queue_full(const Settings& settings) {
    refuse(status::service_unavailable, "overloaded",
           "the queue is full; " + std::to_string(settings.max_queued_tasks) + " tasks are waiting",
           {{"Retry-After", "10"}});
}

[[noreturn]] void refuse_reused_key() {
    refuse(status::unprocessable_entity, "idempotency_key_reused",
           "this Idempotency-Key was used for another request");
}

// Room in the queue and on the disk, for a body of the declared size.
void ensure_room(Context& context, const Request& request) {
    const Settings& settings = context.services.settings;
    if (context.pending_tasks() >= settings.max_queued_tasks) refuse_queue_full(settings);
    const auto declared = static_cast<int64_t>(
        std::min<uint64_t>(request.body->content_length().value_or(0), uint64_t{1} << 60));
    if (context.services.blobs.free_bytes() - declared < settings.reserve_free_disk)
        refuse(status::service_unavailable, "storage_full",
               "the server has too little disk space; try again later", {{"Retry-After", "60"}});
}

// Refuses a model that no device has the memory for. Returns how much it needs.
int64_t ensure_device(Context& context, const catalog::Model& model) {
    const int64_t needed = model.network ? model.network->device_bytes : 0;
    const auto largest = context.services.worker_status().largest_device_bytes;
    if (!largest || needed <= *largest) return needed;
    const std::string message = "model '" + model.model_type + "' needs " + std::to_string(needed) +
                                " bytes of device memory, the largest device has " + std::to_string(*largest);
    context.services.log.error("model_fits_no_device",
                               {{"model_type", model.model_type}, {"problem", message}});
    refuse(status::internal_server_error, "model_unavailable", message);
}

// Returns how much memory the model needs on a device.
int64_t ensure_model(Context& context, const std::string& model_type) {
    const catalog::Model* model = context.services.catalog.find(model_type);
    if (model && is_usable(*model)) return ensure_device(context, *model);
    context.services.log.error("model_unavailable",
                               {{"model_type", model_type}, {"problem", model ? model->problem : "unknown"}});
    refuse(status::internal_server_error, "model_unavailable", "model '" + model_type + "' cannot be loaded");
}

tasks::AudioFacts check_audio(Context& context, const Upload& upload) {
    const tasks::AudioFacts facts = context.services.audio_check(upload.blob->local_path());
    const double limit = context.services.settings.max_audio_seconds;
    if (facts.duration_seconds > limit)
        throw Error(ErrorCode::invalid_input,
                    "the audio is " + std::to_string(std::llround(facts.duration_seconds)) +
                        " s long; at most " + std::to_string(std::llround(limit)) + " s are allowed",
                    "invalid_audio");
    return facts;
}

tasks::InputFacts input_facts(const Upload& upload, const tasks::AudioFacts& audio) {
    return {.filename = upload.file_name,
            .size_bytes = upload.file_bytes,
            .format = audio.format,
            .duration_seconds = audio.duration_seconds,
            .sample_rate = audio.sample_rate,
            .channels = audio.channels};
}

enum class Replay { no, yes };

Response submitted(const tasks::Task& task, int64_t queue_position, Replay replay) {
    Response response = json_response(status::created, {{"task_id", task.task_id},
                                                        {"status", "pending"},
                                                        {"created_at", to_iso8601(task.created_at)},
                                                        {"queue_position", queue_position},
                                                        {"status_url", task_url(task.task_id)},
                                                        {"results_url", results_url(task.task_id)}});
    response.set_header("Location", task_url(task.task_id));
    if (replay == Replay::yes) response.set_header("Idempotency-Replayed", "true");
    return response;
}

Response replay(Context& context, const IdempotentTask& earlier, const Upload& upload) {
    if (earlier.request_fingerprint != upload.fingerprint()) refuse_reused_key();
    return submitted(earlier.task, context.services.store.queue_position(earlier.task).value_or(0),
                     Replay::yes);
}

// From the received body to the durable task.
Response accept(Context& context, const Request& request, Upload& upload, const std::string& key) {
    const Services& services = context.services;
    tasks::NewTask task{.owner = request.owner,
                        .request = upload.form.finish(services.catalog),
                        .input = {},
                        .input_key = tasks::upload_key(make_uuid_v7(services.clock.now())),
                        .device_bytes = 0,
                        .idempotency_key = key,
                        .request_fingerprint = key.empty() ? std::string() : upload.fingerprint()};
    task.device_bytes = ensure_model(context, task.request.model_type);
    task.input = input_facts(upload, check_audio(context, upload));

    upload.blob->keep(task.input_key);
    // If add() throws, nobody knows whether the task was stored: the upload stays, and is swept if it was
    // not.
    const tasks::AddResult added = services.store.add(task, services.settings.max_queued_tasks);
    if (added.outcome != tasks::AddOutcome::added) services.blobs.erase_upload(task.input_key);
    switch (added.outcome) {
        case tasks::AddOutcome::added:
            break;
        case tasks::AddOutcome::replayed:
            return submitted(*added.task, added.queue_position, Replay::yes);
        case tasks::AddOutcome::key_conflict:
            refuse_reused_key();
        case tasks::AddOutcome::queue_full:
            refuse_queue_full(services.settings);
    }
    services.on_task_added();
    services.log.info("task_submitted", {{"task_id", added.task->task_id},
                                         {"owner", request.owner},
                                         {"request_id", request.request_id},
                                         {"model_type", task.request.model_type},
                                         {"filename", task.input.filename},
                                         {"size_bytes", task.input.size_bytes},
                                         {"duration_seconds", task.input.duration_seconds}});
    return submitted(*added.task, added.queue_position, Replay::no);
}

}  // namespace

asio::awaitable<Response> submit_task(Context& context, Request& request) {
    auto& pool = context.services.blocking;
    const std::string key = idempotency_key(request);
    const InFlightKeys::Hold hold = context.in_flight.take(request.owner, key);
    std::optional<IdempotentTask> earlier;
    if (!key.empty())
        earlier = co_await offload(
            pool, [&] { return context.services.store.find_by_idempotency_key(request.owner, key); });
    if (!earlier) co_await offload(pool, [&] { ensure_room(context, request); });

    const FileUse use = earlier ? FileUse::hash_only : FileUse::store;
    Upload upload = co_await receive_upload(context, request, use);
    co_return co_await offload(pool, [&] {
        return earlier ? replay(context, *earlier, upload) : accept(context, request, upload, key);
    });
}

}  // namespace msst::http::routes
