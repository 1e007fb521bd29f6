#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "http/error_reply.h"
#include "http/query.h"
#include "http/router.h"

// A request target of any bytes: the path finds a route or an answer of 4xx or 501, the query is read or
// refused; whatever comes out is UTF-8 without control characters. The first byte chooses the method.

namespace {

using namespace msst;
using namespace msst::http;
using beast_http::verb;

constexpr verb kMethods[] = {verb::get, verb::head, verb::post, verb::delete_, verb::put, verb::unknown};

Router make_router() {
    Router router;
    for (const char* path :
         {"/", "/livez", "/docs", "/docs/{file}", "/api/v1/tasks", "/api/v1/tasks/{task_id}",
          "/api/v1/tasks/{task_id}/results", "/api/v1/download/{task_id}/{filename}", "/api/v1/models",
          "/api/v1/models/{model_type}"})
        router.add(verb::get, path, path, {});
    router.add(verb::post, "/api/v1/separate", "submit", {});
    router.add(verb::delete_, "/api/v1/tasks/{task_id}", "delete", {});
    router.add(verb::post, "/api/v1/tasks/{task_id}/cancel", "cancel", {});
    return router;
}

void check_text(std::string_view text) {
    check(clean_text(text, text.size() + 1) == text, "target_fuzzer: text that is not clean");
}

void route(const Router& router, verb method, std::string_view path) {
    try {
        const RouteMatch match = router.match(method, path);
        check(match.route != nullptr, "target_fuzzer: no route and no error");
        check(match.route->method == method || method == verb::head, "target_fuzzer: another method's route");
        check_text(match.path);
        for (const auto& [name, value] : match.path_values) {
            check(!value.empty() && value.find('/') == std::string::npos,
                  "target_fuzzer: a value of segments");
            check_text(value);
        }
    } catch (const Error& error) {
        const auto status = problem_of(error).status;
        check(status == beast_http::status::bad_request || status == beast_http::status::not_found ||
                  status == beast_http::status::method_not_allowed ||
                  status == beast_http::status::not_implemented,
              "target_fuzzer: another status");
    }
}

void read_query(std::string_view text) {
    try {
        const Query query = parse_query(text);
        check(query.size() <= kMaxQueryFields, "target_fuzzer: too many fields");
        for (const auto& [name, value] : query) {
            check_text(name);
            check_text(value);
        }
    } catch (const Error& error) {
        check(error.code() == ErrorCode::invalid_input, "target_fuzzer: not invalid_input");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Router router = make_router();
    if (size == 0) return 0;
    const std::string_view target(reinterpret_cast<const char*>(data) + 1, size - 1);
    const size_t mark = std::min(target.find('?'), target.size());
    route(router, kMethods[data[0] % std::size(kMethods)], target.substr(0, mark));
    read_query(target.substr(std::min(mark + 1, target.size())));
    return 0;
}
