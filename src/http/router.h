#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

// Which handler answers which method and path.

namespace msst::http {

struct Route {
    beast_http::verb method = beast_http::verb::get;
    std::string pattern;       // "/api/v1/tasks/{task_id}"; a {name} stands for one non-empty segment
    std::string operation_id;  // as docs/openapi.yaml names it
    Handler handler;
};

struct RouteMatch {
    const Route* route = nullptr;
    std::string path;                                             // decoded
    std::map<std::string, std::string, std::less<>> path_values;  // decoded, UTF-8 without control characters
};

class Router {
public:
    // Adding the same method and pattern twice, or HEAD (GET implies it), is Error(internal).
    void add(beast_http::verb method, std::string pattern, std::string operation_id, Handler handler);

    // The route of a request target's path, still percent-encoded and without the query. A literal segment
    // wins over a {name}; a trailing slash is another path. HEAD finds the route of GET. Throws ApiError: 501
    // for a method nobody knows (verb::unknown), 400 for a path that does not decode to UTF-8 without control
    // characters, 404 for an unknown path and for a value with an encoded slash, 405 with `Allow` for a known
    // path with another method.
    RouteMatch match(beast_http::verb method, std::string_view encoded_path) const;

    // Every route, in the order of adding. The pointers of RouteMatch stay valid until the next add().
    const std::vector<Route>& routes() const { return routes_; }

private:
    std::vector<Route> routes_;
};

}  // namespace msst::http
