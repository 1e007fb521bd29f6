#pragma once

#include <stdexcept>
#include <string>
#include <utility>

// The one exception of this program. Thrown where the fact is known, caught at
// three edges: the HTTP session, the worker's task loop, main.

namespace msst {

// What went wrong, in the words of the caller. http/error_reply.cpp is the
// only place that turns a code into an HTTP status.
enum class ErrorCode {
    invalid_input,  // the request or the file is wrong; trying again will not help
    not_found,      // no such task, model or stem
    conflict,       // the task is not in a state that allows this
    unavailable,    // a database, device or disk did not answer; trying again may help
    cancelled,      // somebody asked us to stop
    internal,       // a bug of ours
};

class Error : public std::runtime_error {
public:
    // message: a sentence that names the thing and the two numbers that disagree.
    // reason: the stable machine word clients see ("invalid_audio", "storage_full"); empty where the code
    // says enough. A message of code `internal` or `unavailable` may name paths and is for the log only.
    Error(ErrorCode code, const std::string& message, std::string reason = {})
        : std::runtime_error(message), code_(code), reason_(std::move(reason)) {}

    ErrorCode code() const { return code_; }
    const std::string& reason() const { return reason_; }

private:
    ErrorCode code_;
    std::string reason_;
};

// For conditions only a bug can break. Unlike assert() it is on in every build
// and ends the request or the task, never the process.
inline void check(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::internal, what);
}

}  // namespace msst
