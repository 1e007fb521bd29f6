#!/usr/bin/env python3
"""Takes the behaviours that docs/requirements.md promises away, one after the other, and looks whether the named end-to-end test
notices. By hand; half an hour and more:

    tests/e2e/by_hand/taken_away.py                 every one
    tests/e2e/by_hand/taken_away.py R2.5 R9.6       those whose names begin so

A copy of the tree is built once, with every change behind a switch that is an environment variable. Prints a line for each, and
exits with 1 when a test did not notice."""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COPY = ROOT / "build/taken_away"
SWITCH = "TAKEN_AWAY"
SECONDS = 240  # a test that still waits then has noticed
HEADER = '''#pragma once

#include <cstdlib>
#include <string_view>

namespace msst {

inline bool is_taken(std::string_view name) {
    static const char* wanted = std::getenv("TAKEN_AWAY");
    return wanted != nullptr && name == wanted;
}

}  // namespace msst
'''

# Name, what is done instead, the file of the test, and what its name matches ("." where its tests build on each other).
CHANGES = [
    ('R1.1', 'Vorbis is not decoded', 'separate', 'takes vorbis.ogg'),
    ('R1.2', 'uploads of three times the size are let in', 'errors', 'without a limit of its own'),
    ('R1.3', 'nobody looks at the upload', 'errors', 'of text'),
    ('R1.4', "the answer names another id than the task's", 'separate', 'is answered with a task'),
    ('R1.5', '422 instead of 400', 'errors', 'of text'),
    ('R1.6.model_type', '`model_type` is not read', 'networks', 'bs_roformer: separates as MSST does'),
    ('R1.6.instruments', '`instruments` is not read', 'separate', 'writes only the instruments'),
    ('R1.6.use_tta', '`use_tta` is not read', 'separate', 'uses test-time augmentation'),
    ('R1.6.tta-run', '`use_tta` is read, the worker passes over it', 'networks', 'bs_roformer: augments as MSST does'),
    ('R1.6.extract_instrumental', '`extract_instrumental` is not read', 'separate', 'writes only the instruments'),
    ('R1.6.output_format', '`output_format` is not read', 'separate', 'writes PCM_16 as FLAC'),
    ('R1.6.pcm_type', '`pcm_type` is not read', 'separate', 'writes PCM_16 as WAV'),
    ('R1.7', 'always `dsp`, whatever the default is', 'configuration', 'host, port, size'),
    ('R1.8', 'the answer comes after 3 s', 'separate', 'is answered with a task'),
    ('R2.1', "the answer waits for the task's end", 'crashes', 'wait in their order'),
    ('R2.2', 'a running task is shown as pending', 'crashes', 'wait in their order'),
    ('R2.3', 'a completed task is shown as running', 'separate', 'gives sources of the input'),
    ('R2.4', 'the message is not kept', 'errors', 'fails, and its status says why'),
    ('R2.5', 'last in, first out', 'crashes', 'wait in their order'),
    ('R2.6', 'progress is written every 20 s', 'service', 'progress is told at least'),
    ('R3.1', 'pending tasks are shown as running', 'crashes', 'wait in their order'),
    ('R3.2.progress', '0 % until the end', 'service', 'progress is told at least'),
    ('R3.2.stage', 'the stage stays `queued`', 'separate', 'tells progress that never'),
    ('R3.3', '400 instead of 404', 'errors', 'for an unknown task'),
    ('R3.4', 'no estimate', 'separate', 'tells progress that never'),
    ('R3.5', 'no error in the status', 'errors', 'fails, and its status says why'),
    ('R3.6', 'a status takes 0.7 s', 'service', 'answers for a status well'),
    ('R4.1', 'URLs that lead nowhere', 'separate', 'gives sources of the input'),
    ('R4.2', '`application/octet-stream`', 'downloads', 'has all its headers'),
    ('R4.3', '404 instead of 409', 'crashes', 'wait in their order'),
    ('R4.4.status', '409 instead of 410', 'errors', 'has no results: 410'),
    ('R4.4.reason', '410 without the reason', 'errors', 'has no results: 410'),
    ('R4.5', 'FLAC asked for, WAV written', 'separate', 'writes PCM_24 as FLAC'),
    ('R4.6.pcm', '16 bits when nothing is asked for', 'separate', 'writes WAV of 24 bits'),
    ('R4.6.format', 'FLAC when nothing is asked for', 'separate', 'writes WAV of 24 bits'),
    ('R4.7', '`Range` is not read', 'downloads', 'sends single ranges'),
    ('R5.1', 'files of completed tasks are never due', 'retention', '.'),
    ('R5.2', 'records are never due', 'retention', '.'),
    ('R5.3', 'files of failed tasks are never due', 'retention', '.'),
    ('R5.4', 'a start gives nothing back, leases are not reaped', 'crashes', 'tasks of a killed server'),
    ('R5.4.count', 'a start gives nothing back; the leases run out, and count as a loss', 'crashes', 'tasks of a killed server'),
    ('R5.5', 'the default times, whatever is configured', 'retention', '.'),
    ('R6.1', 'another file for `/openapi.json`', 'service', 'serves its own document'),
    ('R6.2', 'another page for `/docs`', 'service', 'serves Swagger UI'),
    ('R7.1', 'no `code`', 'errors', 'with an unknown field'),
    ('R7.2', 'only the first invalid field', 'errors', 'with several wrong fields'),
    ('R7.3', 'the queue has no limit', 'service', 'a full queue refuses'),
    ('R7.4', 'no list of models', 'errors', 'for an unknown model, with'),
    ('R7.5', 'no list of instruments', 'errors', 'for instruments the model'),
    ('R7.6', 'a worker that died is not replaced', 'crashes', 'a task that kills every worker'),
    ('R7.7', '400 instead of 500', 'networks', 'a damaged checkpoint'),
    ('R8.1', 'one path needs no key', 'service', 'with authentication every path'),
    ('R8.2', '403 instead of 401', 'service', 'with authentication every path'),
    ('R8.3', 'nobody is refused', 'service', 'over the rate limit comes'),
    ('R8.3.each', 'one count for all keys', 'service', 'each key has a rate limit'),
    ('R8.4', 'no `Retry-After`', 'service', 'over the rate limit comes'),
    ('R8.5', 'no `X-RateLimit-Remaining`', 'service', 'over the rate limit comes'),
    ('R8.6', 'a key is needed though authentication is off', 'service', 'is healthy, and ready'),
    ('R9.1', 'degraded though all is well', 'service', 'is healthy, and ready'),
    ('R9.2.gpu', 'no check of GPUs', 'service', 'is healthy, and ready'),
    ('R9.2.models', 'no check of models', 'service', 'is healthy, and ready'),
    ('R9.2.disk_space', 'no check of the disk', 'service', 'is healthy, and ready'),
    ('R9.3', 'little space is no reason', 'service', 'with little disk space'),
    ('R9.4', 'a default model without files is no reason', 'service', 'make the server unhealthy'),
    ('R9.5.active', 'active tasks: 0', 'crashes', 'wait in their order'),
    ('R9.5.queued', 'queued tasks: 0', 'crashes', 'wait in their order'),
    ('R9.5.completed', 'completed tasks: 0', 'service', 'counts tasks'),
    ('R9.5.average', 'average time: 0', 'service', 'counts tasks'),
    ('R9.6.requests', 'answered requests are not logged', 'service', 'logs one line of JSON'),
    ('R9.6.refused', 'refused requests are not logged', 'service', 'logs one line of JSON'),
    ('R9.6.seconds', 'a processing time of 0 is logged', 'service', 'logs one line of JSON'),
    ('R9.6.failed', 'failed tasks are not logged', 'errors', 'is told in the log with its reason'),
    ('R10.1.json', 'JSON is refused', 'configuration', 'the file may be JSON'),
    ('R10.1', 'the file is not read', 'configuration', 'the file may be JSON'),
    ('R10.2', 'a missing file ends the start', 'configuration', 'without a file the defaults'),
    ('R10.2.warning', 'no warning', 'configuration', 'without a file the defaults'),
    ('R10.3', 'invalid values are passed over', 'configuration', 'every invalid value is told'),
    ('R10.4.host', '`host` does not count', 'configuration', 'host, port, size'),
    ('R10.4.port', '`port` does not count', 'configuration', 'host, port, size'),
    ('R10.4.max_file_size', '`max_file_size` does not count', 'configuration', 'host, port, size'),
    ('R10.4.worker_threads', '`worker_threads` does not count', 'configuration', 'host, port, size'),
    ('R10.4.cleanup_retention_hours', '`cleanup_retention_hours` does not count', 'configuration', 'host, port, size'),
    ('R10.4.default_model_type', '`default_model_type` does not count', 'configuration', 'host, port, size'),
    ('R10.5', '`enable_auth` does not count', 'service', 'with authentication every path'),
    ('R10.6.enable', '`enable_rate_limit` does not count', 'service', 'over the rate limit comes'),
    ('R10.6.requests', '`requests_per_hour` does not count', 'service', 'over the rate limit comes'),
    ('R10.7', 'a new worker reads the file again', 'crashes', 'a worker that is replaced works'),
    ('R11.1', 'only one of the devices takes tasks', 'devices', 'two devices run two tasks'),
    ('R11.2', '`worker_threads` counts on a processor', 'devices', 'a processor takes one task at a time'),
    ('R11.3', 'one worker, whatever is configured', 'devices', 'with allow_cpu_concurrency'),
    ('R11.5', 'tasks of dead workers are not given back', 'crashes', 'a task whose worker is killed'),
    ('R11.6', 'memory is not compared', 'devices', 'a model too large for one'),
    ('R12.1', 'no configuration path', 'service', 'are left out of the list'),
    ('R12.2.stereo', 'no stereo', 'service', 'tells the details of a model'),
    ('R12.2.rate', 'another sample rate', 'service', 'tells the details of a model'),
    ('R12.2.instruments', 'other instruments', 'service', 'tells the details of a model'),
    ('R12.3', '400 instead of 404', 'errors', 'for an unknown model$'),
    ('R12.4', 'models without a checkpoint are listed', 'service', 'are left out of the list'),
    ('R12.5', 'no warning', 'service', 'are left out of the list'),
]

# File below src/, what stands there, and what stands there instead.
EDITS = [
    ('audio/demuxer.cpp',
     '    return codec != nullptr &&',
     '    if (is_taken("R1.1") && codec && std::string_view(codec->name) == "vorbis") return false;\n    return codec != nullptr &&'),
    ('app/http_service.cpp',
     'settings.max_file_bytes = config.max_file_size;',
     'settings.max_file_bytes = config.max_file_size * (is_taken("R1.2") ? 3 : 1);'),
    ('app/http_service.cpp',
     'options.max_body_bytes = config.max_file_size + kFormBytes;',
     'options.max_body_bytes = config.max_file_size * (is_taken("R1.2") ? 3 : 1) + kFormBytes;'),
    ('app/http_service.cpp',
     '    if (config.enable_rate_limit)\n',
     '    if (config.enable_rate_limit && !is_taken("R10.6.enable"))\n'),
    ('app/http_service.cpp',
     'config.requests_per_hour, config.status',
     'is_taken("R10.6.requests") ? 100 : config.requests_per_hour, config.status'),
    ('app/http_service.cpp',
     '    if (config.enable_auth) {',
     '    if ((config.enable_auth && !is_taken("R10.5")) || is_taken("R8.6")) {'),
    ('http/routes/separate.cpp',
     '    const tasks::AudioFacts facts = context',
     '    if (is_taken("R1.3")) return {.format = "wav", .duration_seconds = 1, .sample_rate = 44100, .channels = 2};\n    const tasks::AudioFacts facts = context'),
    ('http/routes/separate.cpp',
     '    Response response = json_response(status::created, {{"task_id", task.task_id},',
     '    if (is_taken("R1.8")) std::this_thread::sleep_for(std::chrono::seconds(3));\n    Response response = json_response(status::created, {{"task_id", is_taken("R1.4") ? "01890a5d-ac96-774b-bcce-b302099a8057" : task.task_id},'),
    ('http/routes/separate.cpp',
     '    services.on_task_added();\n',
     '    services.on_task_added();\n    while (is_taken("R2.1") && !tasks::is_final(services.store.find(added.task->task_id)->status)) std::this_thread::sleep_for(std::chrono::milliseconds(50));\n'),
    ('http/routes/separate.cpp',
     '    if (context.pending_tasks() >= settings.max',
     '    if (!is_taken("R7.3") && context.pending_tasks() >= settings.max'),
    ('http/routes/separate.cpp',
     'services.store.add(task, services.settings.max_queued_tasks)',
     'services.store.add(task, is_taken("R7.3") ? 1000000 : services.settings.max_queued_tasks)'),
    ('http/routes/separate.cpp',
     '    if (!largest || needed <= *largest) return needed;',
     '    if (!largest || needed <= *largest || is_taken("R11.6")) return is_taken("R11.6") ? 0 : needed;'),
    ('http/routes/separate.cpp',
     '    refuse(status::internal_server_error, "model_unavailable", "model \'"',
     '    refuse(is_taken("R7.7") ? status::bad_request : status::internal_server_error, "model_unavailable", "model \'"'),
    ('http/routes/separate.cpp',
     '#include <algorithm>\n',
     '#include <algorithm>\n#include <thread>\n'),
    ('http/error_reply.cpp',
     'return plain(status::bad_request, or_default',
     'return plain(is_taken("R1.5") ? status::unprocessable_entity : status::bad_request, or_default'),
    ('http/error_reply.cpp',
     '    json["errors"] = nlohmann::ordered_json::array();',
     '    if (is_taken("R7.1")) json.erase("code");\n    json["errors"] = nlohmann::ordered_json::array();'),
    ('http/routes/submission_form.cpp',
     '        const std::string* value = value_of(name);\n        if (!value) return;\n        target = *value;',
     '        const std::string* value = value_of(name);\n        if (is_taken("R4.6.pcm") && std::string(name) == "pcm_type" && !value) target = "PCM_16";\n        if (is_taken("R4.6.format") && std::string(name) == "output_format" && !value) target = "flac";\n        if (!value || is_taken(std::string("R1.6.") + name)) return;\n        target = *value;'),
    ('http/routes/submission_form.cpp',
     '        const std::string* value = value_of(name);\n        if (!value) return;\n        const auto answer',
     '        const std::string* value = value_of(name);\n        if (!value || is_taken(std::string("R1.6.") + name)) return;\n        const auto answer'),
    ('http/routes/submission_form.cpp',
     '    if (given == values_.end()) return;',
     '    if (given == values_.end() || is_taken("R1.6.instruments")) return;'),
    ('http/routes/submission_form.cpp',
     '    const std::string* named = value_of("model_type");',
     '    const std::string* named = is_taken("R1.6.model_type") ? nullptr : value_of("model_type");'),
    ('http/routes/submission_form.cpp',
     'named ? *named : catalog.default_model_type();',
     'named ? *named : is_taken("R1.7") ? "dsp" : catalog.default_model_type();'),
    ('http/routes/submission_form.cpp',
     '"\'; valid are: " + join(model.instruments),\n                                 model.instruments}',
     '"\'; valid are: " + join(model.instruments),\n                                 is_taken("R7.5") ? std::vector<std::string>() : model.instruments}'),
    ('http/routes/submission_form.cpp',
     'join(names), names}',
     'join(names), is_taken("R7.4") ? std::vector<std::string>() : names}'),
    ('http/routes/submission_form.cpp',
     '        problem.errors.push_back(finding.error);',
     '        if (!is_taken("R7.2") || problem.errors.empty()) problem.errors.push_back(finding.error);'),
    ('http/routes/task_reply.cpp',
     '{"status", tasks::to_string(task.status)},',
     '{"status", is_taken("R2.2") && task.status == TaskStatus::processing ? "pending" : is_taken("R2.3") && task.status == TaskStatus::completed ? "processing" : is_taken("R3.1") && !tasks::is_final(task.status) ? "processing" : tasks::to_string(task.status)},'),
    ('http/routes/task_reply.cpp',
     '    return task.status == TaskStatus::completed ? 100.0',
     '    if (is_taken("R3.2.progress") && task.status == TaskStatus::processing) return 0;\n    return task.status == TaskStatus::completed ? 100.0'),
    ('http/routes/task_reply.cpp',
     '{"stage", tasks::to_string(task.stage)},\n              {"estimated',
     '{"stage", is_taken("R3.2.stage") ? "queued" : tasks::to_string(task.stage)},\n              {"estimated'),
    ('http/routes/task_reply.cpp',
     '    if (task.status != TaskStatus::processing) return nullptr;\n    return rounded',
     '    if (task.status != TaskStatus::processing || is_taken("R3.4")) return nullptr;\n    return rounded'),
    ('http/routes/task_reply.cpp',
     '    if (task.status != TaskStatus::failed) return nullptr;',
     '    if (task.status != TaskStatus::failed || is_taken("R3.5")) return nullptr;'),
    ('http/routes/task_reply.cpp',
     '    std::string url = "/api/v1/download/"',
     '    std::string url = (is_taken("R4.1") ? std::string("/api/v1/downloads/") : std::string("/api/v1/download/"))'),
    ('worker/attempt.cpp',
     '        const TaskFailure failure = describe_failure(thrown);',
     '        TaskFailure failure = describe_failure(thrown);\n        if (is_taken("R2.4")) failure.error.message = "failed";'),
    ('worker/attempt.cpp',
     '        parts_.log.info("task_completed", fields({{"seconds", result.processing_seconds},',
     '        parts_.log.info("task_completed", fields({{"seconds", is_taken("R9.6.seconds") ? 0 : result.processing_seconds},'),
    ('worker/attempt.cpp',
     '        parts_.log.write(failure.error.code == ',
     '        if (!is_taken("R9.6.failed")) parts_.log.write(failure.error.code == '),
    ('worker/song_job.cpp',
     '.use_tta = job.request.use_tta,',
     '.use_tta = job.request.use_tta && !is_taken("R1.6.tta-run"),'),
    ('worker/song_job.cpp',
     '.output_format = *format,',
     '.output_format = is_taken("R4.5") ? audio::OutputFormat::wav : *format,'),
    ('store/sqlite/leases.cpp',
     'AND device_bytes <= ?3 AND device_bytes > ?5 ORDER BY seq LIMIT 1)"\n    " WHERE device_bytes = 0 OR',
     '" + std::string(is_taken("R11.6") ? "AND (?3 OR 1) AND device_bytes > ?5" : "AND device_bytes <= ?3 AND device_bytes > ?5") + (is_taken("R2.5") ? " ORDER BY seq DESC LIMIT 1)" : " ORDER BY seq LIMIT 1)") +\n    (is_taken("R11.6") ? " WHERE 1 OR" : " WHERE") + " device_bytes = 0 OR'),
    ('store/sqlite/leases.cpp',
     'const std::string kNextTask =\n    "SELECT',
     'const std::string kNextTask = std::string() +\n    "SELECT'),
    ('worker/lease_watch.cpp',
     'void LeaseWatch::report() {\n',
     'void LeaseWatch::report() {\n    static int looks = 0;\n    if (is_taken("R2.6") && ++looks % 50 != 0) return;\n'),
    ('http/routes/owned_task.cpp',
     '    throw Error(ErrorCode::not_found, "there is no such task");',
     '    throw Error(is_taken("R3.3") ? ErrorCode::invalid_input : ErrorCode::not_found, "there is no such task");'),
    ('http/routes/owned_task.cpp',
     '{.status = beast_http::status::conflict,',
     '{.status = is_taken("R4.3") ? beast_http::status::not_found : beast_http::status::conflict,'),
    ('http/routes/owned_task.cpp',
     '    throw ApiError({.status = beast_http::status::gone,',
     '    throw ApiError({.status = is_taken("R4.4.status") ? beast_http::status::conflict : beast_http::status::gone,'),
    ('http/routes/owned_task.cpp',
     '(task.error ? task.error',
     '(task.error && !is_taken("R4.4.reason") ? task.error'),
    ('http/routes/task.cpp',
     '    context.speed.learn(task);\n',
     '    context.speed.learn(task);\n    if (is_taken("R3.6")) std::this_thread::sleep_for(std::chrono::milliseconds(700));\n'),
    ('http/routes/task.cpp',
     '#include <nlohmann/json.hpp>\n',
     '#include <thread>\n#include <nlohmann/json.hpp>\n'),
    ('http/routes/download.cpp',
     'entity.content_type = stem.content_type;',
     'entity.content_type = is_taken("R4.2") ? "application/octet-stream" : stem.content_type;'),
    ('http/file_response.cpp',
     '    if (request.method != beast_http::verb::get) return {};',
     '    if (request.method != beast_http::verb::get || is_taken("R4.7")) return {};'),
    ('supervisor/janitor.cpp',
     'store_.with_expired_files(now - options_.completed_retention,\n                                                       now - options_.failed_retention',
     'store_.with_expired_files(now - (is_taken("R5.1") ? 1000 : 1) * options_.completed_retention,\n                                                       now - (is_taken("R5.3") ? 1000 : 1) * options_.failed_retention'),
    ('supervisor/janitor.cpp',
     'clock_.now() - options_.record_retention',
     'clock_.now() - (is_taken("R5.2") ? 1000 : 1) * options_.record_retention'),
    ('supervisor/supervisor.cpp',
     '        release_held(store_, [&](const std::string& worker) { return worker.starts_with(prefix); });',
     '        is_taken("R5.4") || is_taken("R5.4.count") ? 0 : release_held(store_, [&](const std::string& worker) { return worker.starts_with(prefix); });'),
    ('supervisor/supervisor.cpp',
     '    if (now < next_reap_) return;',
     '    if (now < next_reap_ || is_taken("R5.4") || is_taken("R11.5")) return;'),
    ('supervisor/supervisor.cpp',
     '    while (!dead_workers_.empty()) {',
     '    if (is_taken("R11.5")) dead_workers_.clear();\n    while (!dead_workers_.empty()) {'),
    ('supervisor/supervisor.cpp',
     'void Supervisor::start_worker(Slot& slot, Milliseconds now) {\n',
     'void Supervisor::start_worker(Slot& slot, Milliseconds now) {\n    if (is_taken("R7.6") && slot.restarts > 0) return;\n'),
    ('app/serve_command.cpp',
     '    return {.completed_retention = from_hours(config.cleanup_retention_hours),',
     '    if (is_taken("R5.5")) return {};\n    return {.completed_retention = from_hours(config.cleanup_retention_hours),'),
    ('app/serve_command.cpp',
     'has_only_cpu && !config.allow_cpu_concurrency ?',
     'has_only_cpu && !config.allow_cpu_concurrency && !is_taken("R11.2") ?'),
    ('app/serve_command.cpp',
     '    if (count < wanted)\n',
     '    if (is_taken("R11.3")) return supervisor::spread_slots(devices, 1);\n    if (count < wanted)\n'),
    ('app/serve_command.cpp',
     '                warn("model_excluded"',
     '                if (!is_taken("R12.5")) warn("model_excluded"'),
    ('app/serve_command.cpp',
     '        for (const std::string& warning : loaded.warnings) warn("configuration", warning);',
     '        for (const std::string& warning : loaded.warnings) if (!is_taken("R10.2.warning")) warn("configuration", warning);'),
    ('app/serve_command.cpp',
     '    explicit Serve(const config::Loaded& loaded)\n        : config_(loaded.config),',
     '    static config::Config mutated(config::Config c) {\n        const config::Config d;\n        if (is_taken("R10.4.host")) c.host = d.host;\n        if (is_taken("R10.4.port")) c.port = 0;\n        if (is_taken("R10.4.max_file_size")) c.max_file_size = d.max_file_size;\n        if (is_taken("R10.4.worker_threads")) c.worker_threads = d.worker_threads;\n        if (is_taken("R10.4.cleanup_retention_hours")) c.cleanup_retention_hours = d.cleanup_retention_hours;\n        if (is_taken("R10.4.default_model_type")) c.default_model_type = d.default_model_type;\n        return c;\n    }\n    explicit Serve(const config::Loaded& loaded)\n        : config_(mutated(loaded.config)),'),
    ('app/worker_command.cpp',
     '    if (!options.is_supervised) return',
     '    if (!options.is_supervised || is_taken("R10.7")) return'),
    ('app/worker_command.cpp',
     '    room.total_bytes = memory.total_bytes;',
     '    if (is_taken("R11.1") && device.name != "one" && device.name != "cpu") return {.device = device.name, .total_bytes = 0, .free_bytes = 0, .more_than_bytes = int64_t{1} << 60};\n    room.total_bytes = memory.total_bytes;'),
    ('http/session.cpp',
     '    for (const Gate& gate : context_.hooks.gates) co_await',
     '    for (const Gate& gate : context_.hooks.gates)\n        if (!is_taken("R8.1") || exchange.head.path != "/docs") co_await'),
    ('http/authenticator.cpp',
     '{.status = beast_http::status::unauthorized,',
     '{.status = is_taken("R8.2") ? beast_http::status::forbidden : beast_http::status::unauthorized,'),
    ('http/rate_limiter.cpp',
     '    if (!decision.allowed) refuse',
     '    if (!decision.allowed && !is_taken("R8.3")) refuse'),
    ('http/rate_limiter.cpp',
     ': "key:" + request.owner;',
     ': "key:" + (is_taken("R8.3.each") ? std::string() : request.owner);'),
    ('http/rate_limiter.cpp',
     '.headers = {{"Retry-After", std::to_string(seconds)}}});',
     '.headers = is_taken("R8.4") ? HeaderList{} : HeaderList{{"Retry-After", std::to_string(seconds)}}});'),
    ('http/rate_limiter.cpp',
     '    response_headers.emplace_back("X-RateLimit-Remaining"',
     '    if (!is_taken("R8.5")) response_headers.emplace_back("X-RateLimit-Remaining"'),
    ('http/routes/health_check.cpp',
     'Health judge(const HealthReport& report, const Settings& settings) {\n',
     'Health judge(const HealthReport& report, const Settings& settings) {\n    if (is_taken("R9.1")) return Health::degraded;\n'),
    ('http/routes/health_check.cpp',
     '    if (!report.is_database_up || !report.is_default_model_usable ||',
     '    if (!report.is_database_up || (!report.is_default_model_usable && !is_taken("R9.4")) ||'),
    ('http/routes/health_check.cpp',
     '*report.free_bytes < settings.degraded_free_disk) return',
     '(*report.free_bytes < settings.degraded_free_disk && !is_taken("R9.3"))) return'),
    ('http/routes/health.cpp',
     '    const Json json{{"status", to_string(health)},',
     '    if (is_taken("R9.2.gpu")) const_cast<Json&>(checks).erase("gpu");\n    if (is_taken("R9.2.models")) const_cast<Json&>(checks).erase("models");\n    if (is_taken("R9.2.disk_space")) const_cast<Json&>(checks).erase("disk_space");\n    const Json json{{"status", to_string(health)},'),
    ('http/routes/metrics.cpp',
     'rounded(now.average_processing_seconds)',
     'is_taken("R9.5.average") ? 0 : rounded(now.average_processing_seconds)'),
    ('http/routes/metrics.cpp',
     '{"active_tasks", now.processing}',
     '{"active_tasks", is_taken("R9.5.active") ? 0 : now.processing}'),
    ('http/routes/metrics.cpp',
     '{"queued_tasks", now.pending}',
     '{"queued_tasks", is_taken("R9.5.queued") ? 0 : now.pending}'),
    ('http/routes/metrics.cpp',
     '{"completed_tasks", now.completed}',
     '{"completed_tasks", is_taken("R9.5.completed") ? 0 : now.completed}'),
    ('http/access_log.cpp',
     '        constexpr size_t kMaxPathBytes = 512;',
     '        if (is_taken("R9.6.refused") && record.status >= 400) return;\n        if (is_taken("R9.6.requests") && record.status < 400) return;\n        constexpr size_t kMaxPathBytes = 512;'),
    ('config/load.cpp',
     '        if (error.code() != ErrorCode::not_found) throw;',
     '        if (error.code() != ErrorCode::not_found || is_taken("R10.2")) throw;'),
    ('config/load.cpp',
     '    if (!message.empty()) throw',
     '    if (!message.empty() && !is_taken("R10.3")) throw'),
    ('config/load.cpp',
     '        root = yaml::read_document(path);',
     '        if (is_taken("R10.1.json") && path.extension() == ".json") throw Error(ErrorCode::invalid_input, "no JSON");\n        root = is_taken("R10.1") ? Node{} : yaml::read_document(path);'),
    ('http/routes/model_reply.cpp',
     'config.string()},',
     'is_taken("R12.1") ? "" : config.string()},'),
    ('http/routes/model_reply.cpp',
     '{"stereo", model.stereo},',
     '{"stereo", is_taken("R12.2.stereo") ? false : model.stereo},'),
    ('http/routes/model_reply.cpp',
     '{"sample_rate", model.sample_rate},',
     '{"sample_rate", is_taken("R12.2.rate") ? 48000 : model.sample_rate},'),
    ('http/routes/model_reply.cpp',
     '{"instruments", model.instruments},',
     '{"instruments", is_taken("R12.2.instruments") ? std::vector<std::string>{"vocals"} : model.instruments},'),
    ('http/routes/model.cpp',
     'throw Error(ErrorCode::not_found, "there is no available',
     'throw Error(is_taken("R12.3") ? ErrorCode::invalid_input : ErrorCode::not_found, "there is no available'),
    ('http/routes/models.cpp',
     'for (const catalog::Model* model : catalog.available())\n        if (is_usable(*model)) json["models"].push_back(model_json(catalog, *model));',
     'for (const catalog::Model& model : catalog.all())\n        if (is_usable(model) || is_taken("R12.4")) json["models"].push_back(model_json(catalog, model));'),
    ('http/routes/documents.cpp',
     '    return document(request, "openapi.json");',
     '    return document(request, is_taken("R6.1") ? "index.html" : "openapi.json");'),
    ('http/routes/documents.cpp',
     '    return document(request, "docs");',
     '    return document(request, is_taken("R6.2") ? "index.html" : "docs");'),
]


def make_copy():
    """The tracked files, with every change behind its switch. What is built already stays."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    shutil.rmtree(COPY / "src", ignore_errors=True)  # may hold what is no longer there
    for name in files:
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, COPY / name)
    (COPY / "src/base/taken_away.h").write_text(HEADER)
    for path in dict.fromkeys(path for path, _, _ in EDITS):
        file = COPY / "src" / path
        text = file.read_text()
        for before, after in [(before, after) for where, before, after in EDITS if where == path]:
            if before not in text:
                sys.exit(f"src/{path} has changed; this script looks for\n{before}")
            text = text.replace(before, after, 1)
        file.write_text('#include "base/taken_away.h"\n' + text)


def build():
    subprocess.run(["cmake", "--preset", "bench", "-DMSST_TESTS=OFF", "-DMSST_BENCH=OFF"], cwd=COPY, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["cmake", "--build", "--preset", "bench", "--target", "msst"], cwd=COPY, check=True)
    return COPY / "build/bench/msst"


def passes(binary, file, pattern, name=None):
    environment = {**os.environ, "MSST_BINARY": str(binary), "OMP_WAIT_POLICY": "passive"}
    if name:
        environment[SWITCH] = name
    command = ["node", "--test", f"--test-name-pattern={pattern}", f"{file}.test.mjs"]
    run = subprocess.Popen(command, cwd=ROOT / "tests/e2e", env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           start_new_session=True)
    try:
        return run.wait(SECONDS) == 0
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return False


def main():
    wanted = [change for change in CHANGES if len(sys.argv) < 2 or any(change[0].startswith(name) for name in sys.argv[1:])]
    make_copy()
    binary = build()
    unnoticed = 0
    for file, pattern in dict.fromkeys((file, pattern) for _, _, file, pattern in wanted):
        if not passes(binary, file, pattern):
            sys.exit(f"e2e/{file} '{pattern}' fails though nothing is taken away")
    for name, what, file, pattern in wanted:
        noticed = not passes(binary, file, pattern, name)
        unnoticed += not noticed
        print(f"{name}: {what}: e2e/{file} {'notices' if noticed else 'DOES NOT NOTICE'} ({pattern})", flush=True)
    print(f"{len(wanted)} taken away, {unnoticed} unnoticed")
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
