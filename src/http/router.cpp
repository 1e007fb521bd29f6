#include "http/router.h"

#include <algorithm>
#include <optional>

#include "http/error_reply.h"
#include "http/query.h"

namespace msst::http {
namespace {

using beast_http::status;
using beast_http::verb;

// "/a/b" is ["a", "b"], "/" is [""], "/a/" is ["a", ""].
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(std::min<size_t>(1, path.size()));
    for (;;) {
        const size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

bool is_value(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

struct Fit {
    bool is_fit = false;
    std::vector<bool> literals;  // which segments are; the larger list is the better fit
};

Fit fit(const std::vector<std::string_view>& pattern, const std::vector<std::string>& path) {
    if (pattern.size() != path.size()) return {};
    Fit result{true, {}};
    for (size_t i = 0; i < path.size(); ++i) {
        const bool is_literal = !is_value(pattern[i]);
        if (is_literal ? pattern[i] != path[i] : path[i].empty()) return {};
        result.literals.push_back(is_literal);
    }
    return result;
}

std::vector<std::string> decode(std::string_view encoded_path) {
    std::vector<std::string> segments;
    for (const std::string_view segment : split(encoded_path))
        segments.push_back(percent_decode(segment, PlusSign::is_plus));
    return segments;
}

[[noreturn]] void refuse_route(status code, const char* word, const char* message, HeaderList headers = {}) {
    throw ApiError(
        {.status = code, .code = word, .message = message, .errors = {}, .headers = std::move(headers)});
}

[[noreturn]] void refuse_method(const std::vector<verb>& allowed) {
    std::string list;
    for (const verb method : allowed) {
        if (!list.empty()) list += ", ";
        list += beast_http::to_string(method);
        if (method == verb::get) list += ", HEAD";
    }
    refuse_route(status::method_not_allowed, "method_not_allowed", "this path does not take this method",
                 {{"Allow", list}});
}

// The best fitting route of a method, and the methods of every route that fits.
struct Search {
    const Route* best = nullptr;
    std::vector<bool> best_literals;
    std::vector<verb> methods;
};

Search search(const std::vector<Route>& routes, verb method, const std::vector<std::string>& path) {
    Search found;
    for (const Route& route : routes) {
        const Fit candidate = fit(split(route.pattern), path);
        if (!candidate.is_fit) continue;
        if (std::ranges::find(found.methods, route.method) == found.methods.end())
            found.methods.push_back(route.method);
        if (route.method != method || (found.best && candidate.literals <= found.best_literals)) continue;
        found.best = &route;
        found.best_literals = candidate.literals;
    }
    return found;
}

}  // namespace

void Router::add(verb method, std::string pattern, std::string operation_id, Handler handler) {
    check(pattern.starts_with('/'), "router: a pattern begins with a slash");
    check(method != verb::head && method != verb::unknown, "router: GET implies HEAD");
    check(std::ranges::none_of(routes_,
                               [&](const Route& r) { return r.method == method && r.pattern == pattern; }),
          "router: a method and pattern are added twice");
    routes_.push_back({method, std::move(pattern), std::move(operation_id), std::move(handler)});
}

RouteMatch Router::match(verb method, std::string_view encoded_path) const {
    if (method == verb::unknown)
        refuse_route(status::not_implemented, "method_not_allowed", "this server does not know the method");
    if (!encoded_path.starts_with('/')) refuse_route(status::not_found, "not_found", "there is no such path");
    const std::vector<std::string> path = decode(encoded_path);
    const Search found = search(routes_, method == verb::head ? verb::get : method, path);
    if (found.methods.empty()) refuse_route(status::not_found, "not_found", "there is no such path");
    if (!found.best) refuse_method(found.methods);

    RouteMatch match{.route = found.best, .path = {}, .path_values = {}};
    const std::vector<std::string_view> pattern = split(found.best->pattern);
    for (size_t i = 0; i < path.size(); ++i) {
        match.path += '/' + path[i];
        if (!is_value(pattern[i])) continue;
        if (path[i].find('/') != std::string::npos)
            refuse_route(status::not_found, "not_found", "there is no such path");
        match.path_values.emplace(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
    }
    return match;
}

}  // namespace msst::http
