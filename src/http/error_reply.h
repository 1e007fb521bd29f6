#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"

// What goes wrong becomes an answer here and nowhere else: application/problem+json (RFC 9457) with a stable
// machine code, as docs/openapi.yaml lists them.

namespace msst::http {

// One wrong field of a request.
struct FieldError {
    std::string field;
    std::string message;               // "must be one of PCM_16, PCM_24, FLOAT"
    std::vector<std::string> allowed;  // empty: not told
};

// An error as the client sees it. `message` is for the client: no paths, no SQL.
struct Problem {
    beast_http::status status = beast_http::status::internal_server_error;
    std::string code;  // "invalid_parameters"
    std::string message;
    std::vector<FieldError> errors;
    HeaderList headers;  // Retry-After, Allow …
};

// Thrown by routes that know the exact answer.
class ApiError : public Error {
public:
    explicit ApiError(Problem problem);

    const Problem& problem() const { return problem_; }

private:
    Problem problem_;
};

// How an Error looks from outside. An ApiError says so itself; else code and reason decide:
//
//   invalid_input  400 with the reason for code, `invalid_request` without one; idempotency_key_reused 422
//   not_found      404 `not_found`
//   conflict       409 with the reason for code, `conflict` without; task_failed, task_cancelled and
//                  results_expired 410
//   unavailable    503 and Retry-After, `storage_full` or `overloaded`; its text is not shown
//   cancelled      503 and Retry-After, `overloaded`; its text is not shown
//   internal       500 `internal_error` or `model_unavailable`; its text is not shown
//
// The reason model_unavailable gives 500 whatever the code, idempotency_key_reused 422.
Problem problem_of(const Error& error);

// The same for anything thrown: what is not an Error is a bug of ours.
Problem problem_of(std::exception_ptr thrown);

// The text of anything thrown, for the log.
std::string describe(std::exception_ptr thrown);

// The problem as an answer. `request_id` is repeated in the body.
Response problem_response(const Problem& problem, std::string_view request_id);

}  // namespace msst::http
