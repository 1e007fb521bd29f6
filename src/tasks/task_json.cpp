#include "tasks/task_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace msst::tasks {
namespace {

using Json = nlohmann::ordered_json;

std::string write(const Json& json) {
    return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

template <typename Value>
void read(const Json& json, const char* name, Value& value) {
    const auto field = json.find(name);
    if (field != json.end() && !field->is_null()) field->get_to(value);
}

// Runs `read_fields` on the object in `text`; `what` names it in the error.
template <typename ReadFields>
void parse(std::string_view text, const char* what, ReadFields read_fields) {
    try {
        const Json json = Json::parse(text);
        if (!json.is_object()) throw Error(ErrorCode::internal, std::string(what) + " is not an object");
        read_fields(json);
    } catch (const Json::exception& e) {
        throw Error(ErrorCode::internal, std::string(what) + " cannot be read: " + e.what());
    }
}

Json stem_to_json(const StemFile& stem) {
    return {{"name", stem.name},
            {"filename", stem.filename},
            {"size_bytes", stem.size_bytes},
            {"duration_seconds", stem.duration_seconds},
            {"sample_rate", stem.sample_rate},
            {"channels", stem.channels},
            {"content_type", stem.content_type},
            {"sha256", stem.sha256},
            {"peak_dbfs", stem.peak_dbfs},
            {"rms_dbfs", stem.rms_dbfs},
            {"clipped_samples", stem.clipped_samples}};
}

StemFile stem_from_json(const Json& json) {
    if (!json.is_object()) throw Error(ErrorCode::internal, "a stored stem is not an object");
    StemFile stem;
    read(json, "name", stem.name);
    read(json, "filename", stem.filename);
    read(json, "size_bytes", stem.size_bytes);
    read(json, "duration_seconds", stem.duration_seconds);
    read(json, "sample_rate", stem.sample_rate);
    read(json, "channels", stem.channels);
    read(json, "content_type", stem.content_type);
    read(json, "sha256", stem.sha256);
    read(json, "peak_dbfs", stem.peak_dbfs);
    read(json, "rms_dbfs", stem.rms_dbfs);
    read(json, "clipped_samples", stem.clipped_samples);
    return stem;
}

}  // namespace

std::string to_json_text(const SeparationRequest& request) {
    return write({{"model_type", request.model_type},
                  {"instruments", request.instruments},
                  {"use_tta", request.use_tta},
                  {"extract_instrumental", request.extract_instrumental},
                  {"output_format", request.output_format},
                  {"pcm_type", request.pcm_type}});
}

SeparationRequest parse_separation_request(std::string_view text) {
    SeparationRequest request;
    parse(text, "a stored request", [&](const Json& json) {
        read(json, "model_type", request.model_type);
        read(json, "instruments", request.instruments);
        read(json, "use_tta", request.use_tta);
        read(json, "extract_instrumental", request.extract_instrumental);
        read(json, "output_format", request.output_format);
        read(json, "pcm_type", request.pcm_type);
    });
    return request;
}

std::string to_json_text(const InputFacts& input) {
    return write({{"filename", input.filename},
                  {"size_bytes", input.size_bytes},
                  {"format", input.format},
                  {"duration_seconds", input.duration_seconds},
                  {"sample_rate", input.sample_rate},
                  {"channels", input.channels}});
}

InputFacts parse_input_facts(std::string_view text) {
    InputFacts input;
    parse(text, "stored input facts", [&](const Json& json) {
        read(json, "filename", input.filename);
        read(json, "size_bytes", input.size_bytes);
        read(json, "format", input.format);
        read(json, "duration_seconds", input.duration_seconds);
        read(json, "sample_rate", input.sample_rate);
        read(json, "channels", input.channels);
    });
    return input;
}

std::string to_json_text(const TaskResult& result) {
    Json sources = Json::array();
    for (const StemFile& stem : result.sources) sources.push_back(stem_to_json(stem));
    return write({{"sources", sources},
                  {"warnings", result.warnings},
                  {"processing_seconds", result.processing_seconds},
                  {"audio_seconds", result.audio_seconds}});
}

TaskResult parse_task_result(std::string_view text) {
    TaskResult result;
    parse(text, "a stored result", [&](const Json& json) {
        for (const Json& stem : json.value("sources", Json::array()))
            result.sources.push_back(stem_from_json(stem));
        read(json, "warnings", result.warnings);
        read(json, "processing_seconds", result.processing_seconds);
        read(json, "audio_seconds", result.audio_seconds);
    });
    return result;
}

std::string to_json_text(const TaskError& error) {
    return write({{"code", error.code}, {"message", error.message}});
}

TaskError parse_task_error(std::string_view text) {
    TaskError error;
    parse(text, "a stored error", [&](const Json& json) {
        read(json, "code", error.code);
        read(json, "message", error.message);
    });
    return error;
}

}  // namespace msst::tasks
