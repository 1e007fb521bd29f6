#include "tasks/task_json.h"

#include <concepts>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace msst::tasks {
namespace {

using Json = nlohmann::ordered_json;

std::string write(const Json& json) {
    return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

// The stored fields of each part, told once for both directions: `field(name, value)` for each.

template <typename Part, typename Whole>
concept Is = std::same_as<std::remove_const_t<Part>, Whole>;

void visit(Is<SeparationRequest> auto& request, auto field) {
    field("model_type", request.model_type);
    field("instruments", request.instruments);
    field("use_tta", request.use_tta);
    field("extract_instrumental", request.extract_instrumental);
    field("output_format", request.output_format);
    field("pcm_type", request.pcm_type);
}

void visit(Is<InputFacts> auto& input, auto field) {
    field("filename", input.filename);
    field("size_bytes", input.size_bytes);
    field("format", input.format);
    field("duration_seconds", input.duration_seconds);
    field("sample_rate", input.sample_rate);
    field("channels", input.channels);
}

void visit(Is<StemFile> auto& stem, auto field) {
    field("name", stem.name);
    field("filename", stem.filename);
    field("size_bytes", stem.size_bytes);
    field("duration_seconds", stem.duration_seconds);
    field("sample_rate", stem.sample_rate);
    field("channels", stem.channels);
    field("content_type", stem.content_type);
    field("sha256", stem.sha256);
    field("peak_dbfs", stem.peak_dbfs);
    field("rms_dbfs", stem.rms_dbfs);
    field("clipped_samples", stem.clipped_samples);
}

void visit(Is<TaskResult> auto& result, auto field) {
    field("sources", result.sources);
    field("warnings", result.warnings);
    field("processing_seconds", result.processing_seconds);
    field("audio_seconds", result.audio_seconds);
}

void visit(Is<TaskError> auto& error, auto field) {
    field("code", error.code);
    field("message", error.message);
}

template <typename Part>
Json to_object(const Part& part) {
    Json json = Json::object();
    visit(part, [&](const char* name, const auto& value) { json[name] = value; });
    return json;
}

// `what` names it in errors.
template <typename Part>
Part from_object(const Json& json, const char* what) {
    if (!json.is_object()) throw Error(ErrorCode::internal, std::string(what) + " is not an object");
    Part part;
    visit(part, [&](const char* name, auto& value) {
        const auto field = json.find(name);
        if (field != json.end() && !field->is_null()) field->get_to(value);
    });
    return part;
}

template <typename Part>
Part parse(std::string_view text, const char* what) {
    try {
        return from_object<Part>(Json::parse(text), what);
    } catch (const Json::exception& e) {
        throw Error(ErrorCode::internal, std::string(what) + " cannot be read: " + e.what());
    }
}

}  // namespace

// How nlohmann finds the stems in a result.
void to_json(Json& json, const StemFile& stem) {
    json = to_object(stem);
}

void from_json(const Json& json, StemFile& stem) {
    stem = from_object<StemFile>(json, "a stored stem");
}

std::string to_json_text(const SeparationRequest& request) {
    return write(to_object(request));
}

SeparationRequest parse_separation_request(std::string_view text) {
    return parse<SeparationRequest>(text, "a stored request");
}

std::string to_json_text(const InputFacts& input) {
    return write(to_object(input));
}

InputFacts parse_input_facts(std::string_view text) {
    return parse<InputFacts>(text, "stored input facts");
}

std::string to_json_text(const TaskResult& result) {
    return write(to_object(result));
}

TaskResult parse_task_result(std::string_view text) {
    return parse<TaskResult>(text, "a stored result");
}

std::string to_json_text(const TaskError& error) {
    return write(to_object(error));
}

TaskError parse_task_error(std::string_view text) {
    return parse<TaskError>(text, "a stored error");
}

}  // namespace msst::tasks
