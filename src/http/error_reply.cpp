#include "http/error_reply.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace msst::http {
namespace {

using beast_http::status;

constexpr char kTryLater[] = "the service cannot do this at the moment; try again later";
constexpr char kOurFault[] = "an internal error; the log of the server has it under the request id";

bool is_gone(const std::string& reason) {
    return reason == "task_failed" || reason == "task_cancelled" || reason == "results_expired";
}

Problem temporary(std::string code, const char* message) {
    return {.status = status::service_unavailable,
            .code = std::move(code),
            .message = message,
            .errors = {},
            .headers = {{"Retry-After", "5"}}};
}

Problem of_unavailable(const std::string& reason) {
    if (reason == "storage_full") return temporary(reason, "the server's storage is full; try again later");
    return temporary("overloaded", kTryLater);
}

Problem plain(status code, std::string word, std::string message) {
    return {
        .status = code, .code = std::move(word), .message = std::move(message), .errors = {}, .headers = {}};
}

std::string or_default(const std::string& reason, const char* fallback) {
    return reason.empty() ? fallback : reason;
}

Problem of_code(const Error& error) {
    switch (error.code()) {
        case ErrorCode::invalid_input:
            return plain(status::bad_request, or_default(error.reason(), "invalid_request"), error.what());
        case ErrorCode::not_found:
            return plain(status::not_found, or_default(error.reason(), "not_found"), error.what());
        case ErrorCode::conflict:
            return plain(is_gone(error.reason()) ? status::gone : status::conflict,
                         or_default(error.reason(), "conflict"), error.what());
        case ErrorCode::unavailable:
            return of_unavailable(error.reason());
        case ErrorCode::cancelled:
            return temporary("overloaded", kTryLater);
        case ErrorCode::internal:
            return plain(status::internal_server_error, "internal_error", kOurFault);
    }
    return plain(status::internal_server_error, "internal_error", kOurFault);
}

nlohmann::ordered_json to_json(const FieldError& error) {
    nlohmann::ordered_json json{{"field", error.field}, {"message", error.message}};
    if (!error.allowed.empty()) json["allowed"] = error.allowed;
    return json;
}

}  // namespace

ApiError::ApiError(Problem problem)
    : Error(ErrorCode::invalid_input, problem.message, problem.code), problem_(std::move(problem)) {}

Problem problem_of(const Error& error) {
    if (const auto* exact = dynamic_cast<const ApiError*>(&error)) return exact->problem();
    if (error.reason() == "model_unavailable")
        return plain(status::internal_server_error, error.reason(),
                     "the model cannot be used on this server");
    if (error.reason() == "idempotency_key_reused")
        return plain(status::unprocessable_entity, error.reason(), error.what());
    return of_code(error);
}

Problem problem_of(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const Error& error) {
        return problem_of(error);
    } catch (...) {
        return plain(status::internal_server_error, "internal_error", kOurFault);
    }
}

std::string describe(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "something that is not a std::exception was thrown";
    }
}

Response problem_response(const Problem& problem, std::string_view request_id) {
    const std::string message = clean_text(problem.message, 4096);
    nlohmann::ordered_json json{{"type", "about:blank"},
                                {"title", std::string(beast_http::obsolete_reason(problem.status))},
                                {"status", static_cast<unsigned>(problem.status)},
                                {"code", problem.code},
                                {"message", message},
                                {"detail", message},
                                {"request_id", request_id}};
    json["errors"] = nlohmann::ordered_json::array();
    for (const FieldError& error : problem.errors) json["errors"].push_back(to_json(error));

    Response response;
    response.status = problem.status;
    response.headers = problem.headers;
    response.set_header("Content-Type", "application/problem+json");
    response.body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return response;
}

}  // namespace msst::http
