#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include "base/files.h"

// A request as a route sees it, and what it answers. The session (http/session.h)
// does the wire: parsing, limits, time-outs, HEAD, keep-alive, logging.

namespace msst::http {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// The body of the request, read as it comes in; never held in memory as a whole.
class BodyReader {
public:
    virtual ~BodyReader() = default;

    // Up to buffer.size() bytes; 0 at the end. Throws Error(invalid_input) when the client breaks off or the
    // framing is wrong, with reason file_too_large past the limit of the server.
    virtual asio::awaitable<size_t> read_some(std::span<std::byte> buffer) = 0;

    // As the header declares it; none when chunked.
    virtual std::optional<uint64_t> content_length() const = 0;
};

struct Request {
    beast_http::verb method = beast_http::verb::unknown;
    std::string path;                                             // decoded, without the query
    std::vector<std::pair<std::string, std::string>> query;       // decoded, in order
    std::map<std::string, std::string, std::less<>> path_values;  // {task_id} … of the route
    beast_http::fields headers;
    std::string request_id;
    std::string owner;           // name of the API key; empty while authentication is off
    std::string client_address;  // of the peer
    BodyReader* body = nullptr;  // valid while the handler runs

    // The first header of that name, in any case.
    std::optional<std::string_view> header(std::string_view name) const;
};

// A stretch of a file. Several slices may share one descriptor.
struct FileSlice {
    std::shared_ptr<const UniqueFd> file;
    int64_t offset = 0;
    int64_t length = 0;
};

// A body of known length, sent piece after piece without being gathered in memory.
using Segments = std::vector<std::variant<std::string, FileSlice>>;

// A body without known length (Server-Sent Events): written until the coroutine ends or the client goes.
class ChunkWriter {
public:
    virtual ~ChunkWriter() = default;
    // Throws when the client is gone or the server drains.
    virtual asio::awaitable<void> write(std::string text) = 0;
};
using Stream = std::function<asio::awaitable<void>(ChunkWriter&)>;

struct Response {
    beast_http::status status = beast_http::status::ok;
    HeaderList headers;  // Content-Length is the session's business; a line break in one is Error(internal)
    std::variant<std::string, Segments, Stream> body;

    void set_header(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
    }
};

// Answers one request. Throws msst::Error for whatever goes wrong; the session
// turns it into problem+json (http/error_reply.h).
using Handler = std::function<asio::awaitable<Response>(Request&)>;

}  // namespace msst::http
