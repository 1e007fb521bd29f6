#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/authenticator.h"
#include "http/chunk_decoder.h"
#include "http/query.h"
#include "http/request_head.h"
#include "http/router.h"

// A request of any bytes: head, path, query, credentials and chunked body are read or refused, with the same
// outcome whether the bytes come whole or one by one.

namespace {

using namespace msst;
using namespace msst::http;

Router make_router() {
    Router router;
    for (const char* path :
         {"/", "/api/v1/tasks", "/api/v1/tasks/{task_id}", "/api/v1/download/{task_id}/{filename}"})
        router.add(beast_http::verb::get, path, path, {});
    return router;
}

std::optional<HeadScanner::Extent> scan(std::string_view bytes, size_t step) {
    HeadScanner scanner;
    for (size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
        if (const auto extent = scanner.scan(bytes.substr(0, end))) return extent;
        if (end == bytes.size()) return std::nullopt;
    }
}

// Where the head ends; 0: nowhere, or it is refused.
size_t head_end(std::string_view bytes, size_t step) {
    try {
        const auto extent = scan(bytes, step);
        return extent ? extent->end : 0;
    } catch (const Error&) {
        return 0;
    }
}

std::string decode_chunks(std::string_view coded, size_t step) {
    std::string data;
    ChunkDecoder decoder;
    try {
        for (size_t at = 0; at < coded.size(); at += step) {
            std::string_view input = coded.substr(at, step);
            for (std::string_view piece; !(piece = decoder.next(input, 5)).empty();) data += piece;
        }
    } catch (const Error&) {
        return "refused";
    }
    return data + (decoder.is_done() ? "." : "");
}

void read_head(std::string_view head, const Router& router, const Authenticator& keys) {
    const RequestHead parsed = parse_request_head(head);
    check(!(parsed.content_length && parsed.is_chunked), "request_fuzzer: two lengths");
    const auto authorization = parsed.fields.find("Authorization");
    if (authorization != parsed.fields.end())
        check(!keys.identify(authorization->value()), "request_fuzzer: let in");
    parse_query(parsed.query);
    for (const auto& [name, value] : router.match(parsed.method, parsed.path).path_values)
        check(!value.empty() && value.find_first_of(std::string_view("/\0\r\n", 4)) == std::string::npos,
              "request_fuzzer: a path value has what it may not have");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Router router = make_router();
    static const Authenticator keys({{"key", std::string(64, '0')}});
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const size_t end = head_end(bytes, size + 1);
    check(head_end(bytes, 1) == end, "request_fuzzer: the pieces of a head matter");
    const std::string_view body = bytes.substr(end);
    check(decode_chunks(body, 1) == decode_chunks(body, size + 1),
          "request_fuzzer: the pieces of a body matter");
    try {
        const auto extent = scan(bytes, size + 1);
        if (extent) read_head(bytes.substr(extent->begin, extent->end - extent->begin), router, keys);
    } catch (const Error& error) {
        check(error.code() == ErrorCode::invalid_input, "request_fuzzer: not invalid_input");
    }
    return 0;
}
