#include "http/router.h"

#include <gtest/gtest.h>

#include "http/error_reply.h"

namespace msst::http {
namespace {

using beast_http::status;
using beast_http::verb;

class RouterTest : public ::testing::Test {
protected:
    RouterTest() {
        for (const auto& [method, pattern] : std::initializer_list<std::pair<verb, const char*>>{
                 {verb::get, "/"},
                 {verb::get, "/api/v1/tasks"},
                 {verb::post, "/api/v1/separate"},
                 {verb::get, "/api/v1/tasks/{task_id}"},
                 {verb::delete_, "/api/v1/tasks/{task_id}"},
                 {verb::get, "/api/v1/tasks/special"},
                 {verb::get, "/api/v1/download/{task_id}/{filename}"}})
            router.add(method, pattern, "op", {});
    }

    std::string pattern(std::string_view path, verb method = verb::get) {
        return router.match(method, path).route->pattern;
    }
    Problem refusal(std::string_view path, verb method = verb::get) {
        try {
            router.match(method, path);
        } catch (const Error& error) {
            return problem_of(error);
        }
        return {.status = status::ok, .code = {}, .message = "not refused", .errors = {}, .headers = {}};
    }

    Router router;
};

TEST_F(RouterTest, FindsRoutesAndTheirValues) {
    const RouteMatch match = router.match(verb::get, "/api/v1/download/t%2D1/my%20song+.wav");
    EXPECT_EQ(match.route->pattern, "/api/v1/download/{task_id}/{filename}");
    EXPECT_EQ(match.path_values.at("task_id"), "t-1");
    EXPECT_EQ(match.path_values.at("filename"), "my song+.wav");
    EXPECT_EQ(match.path, "/api/v1/download/t-1/my song+.wav");
    EXPECT_EQ(pattern("/"), "/");
    EXPECT_EQ(pattern("/api/v1/tasks/x", verb::delete_), "/api/v1/tasks/{task_id}");
}

TEST_F(RouterTest, PrefersTheLiteralAndTakesHeadForGet) {
    EXPECT_EQ(pattern("/api/v1/tasks/special"), "/api/v1/tasks/special");
    EXPECT_EQ(pattern("/api/v1/tasks/other"), "/api/v1/tasks/{task_id}");
    EXPECT_EQ(pattern("/api/v1/tasks/special", verb::delete_), "/api/v1/tasks/{task_id}");
    EXPECT_EQ(pattern("/api/v1/tasks", verb::head), "/api/v1/tasks");
}

TEST_F(RouterTest, KnowsNoOtherPath) {
    for (const char* path :
         {"/nowhere", "/api/v1/tasks/", "/api/v1/tasks//", "//api/v1/tasks", "/api/v1/tasks/a/",
          "/API/v1/tasks", "/api/v1/../v1/tasks", "/api/v1/tasks/a%2fb", "/api/v1/download/t/..%2f..%2fx",
          "/api/v1/download/t/", "*", ""})
        EXPECT_EQ(refusal(path).status, status::not_found) << path;
}

TEST_F(RouterTest, NamesTheMethodsOfAKnownPath) {
    const Problem problem = refusal("/api/v1/tasks/x", verb::put);
    EXPECT_EQ(problem.status, status::method_not_allowed);
    EXPECT_EQ(problem.code, "method_not_allowed");
    EXPECT_EQ(problem.headers, (HeaderList{{"Allow", "GET, HEAD, DELETE"}}));
    EXPECT_EQ(refusal("/api/v1/separate", verb::head).headers, (HeaderList{{"Allow", "POST"}}));
    EXPECT_EQ(refusal("/api/v1/separate", verb::options).status, status::method_not_allowed);
    EXPECT_EQ(refusal("/nowhere", verb::put).status, status::not_found);
    EXPECT_EQ(refusal("/nowhere", verb::unknown).status, status::not_implemented);
}

TEST_F(RouterTest, RefusesPathsThatDoNotDecode) {
    for (const char* path : {"/api/v1/tasks/%", "/api/v1/tasks/%00", "/%zz", "/api/v1/tasks/%0d%0a", "/%ff"})
        EXPECT_EQ(refusal(path).status, status::bad_request) << path;
}

TEST_F(RouterTest, ListsItsRoutesAndRefusesTwins) {
    EXPECT_EQ(router.routes().size(), 7u);
    EXPECT_THROW(router.add(verb::get, "/", "again", {}), Error);
    EXPECT_THROW(router.add(verb::head, "/head", "head", {}), Error);
    EXPECT_THROW(router.add(verb::get, "no-slash", "x", {}), Error);
}

}  // namespace
}  // namespace msst::http
