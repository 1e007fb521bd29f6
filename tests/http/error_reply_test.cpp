#include "http/error_reply.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace msst::http {
namespace {

struct Row {
    ErrorCode code;
    const char* reason;
    unsigned status;
    const char* word;
    bool shows_text;
};

TEST(ErrorReply, TranslatesCodeAndReason) {
    const Row table[] = {
        {ErrorCode::invalid_input, "", 400, "invalid_request", true},
        {ErrorCode::invalid_input, "file_too_large", 400, "file_too_large", true},
        {ErrorCode::invalid_input, "invalid_audio", 400, "invalid_audio", true},
        {ErrorCode::invalid_input, "idempotency_key_reused", 422, "idempotency_key_reused", true},
        {ErrorCode::not_found, "", 404, "not_found", true},
        {ErrorCode::conflict, "task_not_completed", 409, "task_not_completed", true},
        {ErrorCode::conflict, "task_finished", 409, "task_finished", true},
        {ErrorCode::conflict, "task_failed", 410, "task_failed", true},
        {ErrorCode::conflict, "task_cancelled", 410, "task_cancelled", true},
        {ErrorCode::conflict, "results_expired", 410, "results_expired", true},
        {ErrorCode::unavailable, "", 503, "overloaded", false},
        {ErrorCode::unavailable, "storage_full", 503, "storage_full", false},
        {ErrorCode::unavailable, "model_unavailable", 500, "model_unavailable", false},
        {ErrorCode::cancelled, "", 503, "overloaded", false},
        {ErrorCode::internal, "", 500, "internal_error", false},
        {ErrorCode::internal, "invalid_request", 500, "internal_error", false},
    };
    for (const Row& row : table) {
        const Problem problem = problem_of(Error(row.code, "the text", row.reason));
        EXPECT_EQ(static_cast<unsigned>(problem.status), row.status) << row.reason;
        EXPECT_EQ(problem.code, row.word);
        EXPECT_EQ(problem.message == "the text", row.shows_text) << row.reason;
        EXPECT_EQ(!problem.headers.empty(), row.status == 503);
    }
}

TEST(ErrorReply, TakesAnythingThrown) {
    const auto thrown = std::make_exception_ptr(42);
    EXPECT_EQ(problem_of(thrown).code, "internal_error");
    EXPECT_FALSE(describe(thrown).empty());
    EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error("why"))), "why");
}

TEST(ErrorReply, WritesOneShape) {
    const Problem problem{
        .status = beast_http::status::bad_request,
        .code = "invalid_parameters",
        .message = "1 parameter is invalid",
        .errors = {{.field = "pcm_type", .message = "must be one of a, b", .allowed = {"a", "b"}}},
        .headers = {{"Retry-After", "1"}}};
    const Response response = problem_response(problem, "id-1");
    const HeaderList headers = {{"Retry-After", "1"}, {"Content-Type", "application/problem+json"}};
    EXPECT_EQ(response.headers, headers);
    EXPECT_EQ(std::get<std::string>(response.body),
              R"({"type":"about:blank","title":"Bad Request","status":400,"code":"invalid_parameters",)"
              R"("message":"1 parameter is invalid","detail":"1 parameter is invalid","request_id":"id-1",)"
              R"("errors":[{"field":"pcm_type","message":"must be one of a, b","allowed":["a","b"]}]})");
}

TEST(ErrorReply, IsJsonWhateverTheStrangerSent) {
    const Problem problem{.status = beast_http::status::bad_request,
                          .code = "invalid_parameters",
                          .message = "\xff\x1b",
                          .errors = {{.field = "\xc3(", .message = "\n\xff", .allowed = {}}},
                          .headers = {}};
    EXPECT_TRUE(nlohmann::json::accept(std::get<std::string>(problem_response(problem, "\xff").body)));
}

}  // namespace
}  // namespace msst::http
