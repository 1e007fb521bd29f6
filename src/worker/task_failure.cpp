#include "worker/task_failure.h"

#include <new>

#include "base/error.h"
#include "base/text.h"

namespace msst::worker {
namespace {

constexpr size_t kMaxMessageBytes = 500;

// The sentence for a reason whose own text is for the log only; empty: there is none.
std::string public_message(const std::string& reason) {
    if (reason == "storage_full") return "The disk of the server is full.";
    if (reason == "model_unavailable") return "The model could not be loaded.";
    if (reason == "model_invalid") return "The files of the model are damaged or of an unknown kind.";
    return {};
}

TaskFailure describe(const Error& error) {
    TaskFailure failure{.error = {.code = "internal_error", .message = "The separation failed."},
                        .details = error.what(),
                        .is_tainted = error.code() == ErrorCode::internal};
    if (error.code() == ErrorCode::invalid_input) {
        failure.error = {.code = error.reason().empty() ? "invalid_audio" : error.reason(),
                         .message = clean_text(error.what(), kMaxMessageBytes)};
    } else if (const std::string message = public_message(error.reason()); !message.empty()) {
        failure.error = {.code = error.reason(), .message = message};
    }
    return failure;
}

}  // namespace

TaskFailure describe_failure(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        return describe(error);
    } catch (const std::bad_alloc& error) {
        return {.error = {.code = "internal_error", .message = "The separation ran out of memory."},
                .details = error.what(),
                .is_tainted = true};
    } catch (const std::exception& error) {
        return {.error = {.code = "internal_error", .message = "The separation failed."},
                .details = error.what(),
                .is_tainted = true};
    }
}

}  // namespace msst::worker
