#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/sha256.h"
#include "http/conditional.h"
#include "http/routes/embedded.h"
#include "http/routes/routes.h"

// GET /openapi.json, /docs, /docs/{file} and /: files that are part of the program.

namespace msst::http::routes {
namespace {

// Swagger UI sets styles and draws its icons from data: addresses; scripts come from here only.
constexpr char kPagePolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const std::map<std::string_view, const char*> kContentTypes = {{".html", "text/html; charset=utf-8"},
                                                               {".json", "application/json"},
                                                               {".js", "text/javascript; charset=utf-8"},
                                                               {".css", "text/css; charset=utf-8"},
                                                               {".png", "image/png"}};

struct Document {
    std::string_view bytes;
    std::string etag;
    const char* content_type;
};

std::map<std::string_view, Document> read_documents() {
    std::map<std::string_view, Document> documents;
    for (const EmbeddedFile& file : embedded_files()) {
        const size_t dot = file.name.rfind('.');
        const std::string_view extension = dot == std::string_view::npos ? ".html" : file.name.substr(dot);
        documents.emplace(file.name, Document{.bytes = file.bytes,
                                              .etag = "\"" + sha256_hex(file.bytes).substr(0, 40) + "\"",
                                              .content_type = kContentTypes.at(extension)});
    }
    return documents;
}

Response document(const Request& request, std::string_view name) {
    static const std::map<std::string_view, Document> kDocuments = read_documents();
    const auto found = kDocuments.find(name);
    if (found == kDocuments.end()) throw Error(ErrorCode::not_found, "there is no such file");
    const Document& file = found->second;

    Response response;
    response.set_header("ETag", file.etag);
    response.set_header("Cache-Control", "no-cache");
    if (evaluate_preconditions(request, {.etag = file.etag, .last_modified = std::nullopt}) ==
        Precondition::not_modified) {
        response.status = beast_http::status::not_modified;
        return response;
    }
    response.set_header("Content-Type", file.content_type);
    response.set_header("Content-Security-Policy", kPagePolicy);
    response.body = std::string(file.bytes);
    return response;
}

}  // namespace

Response get_openapi(const Request& request) {
    return document(request, "openapi.json");
}

Response get_docs(const Request& request) {
    return document(request, "docs");
}

Response get_docs_file(const Request& request) {
    return document(request, "docs/" + request.path_values.find("file")->second);
}

Response get_index(const Request& request) {
    return document(request, "index.html");
}

}  // namespace msst::http::routes
