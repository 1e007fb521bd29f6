#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "http/message.h"

// Files as answers: conditional requests, ranges, names.

namespace msst::http {

// A representation that can be sent whole or in ranges: one file, or several pieces that make one (the ZIP
// archive).
struct Entity {
    Segments content;
    std::string etag;  // quoted, strong unless it begins with W/ : "\"0199…-vocals\""
    Timestamp last_modified{};
    std::string content_type;  // "audio/wav"
    std::string file_name;     // UTF-8, as the client should store it; empty: no Content-Disposition
};

// The sum of the pieces' lengths, in bytes.
int64_t size_of(const Segments& segments);

// The bytes [first, first + length) of `segments`, which must hold them.
Segments cut(const Segments& segments, int64_t first, int64_t length);

// 200, 206 (one range, or multipart/byteranges), 304, or throws ApiError 412 or 416, as RFC 9110 (13.2.2, 14)
// orders it. Range counts only for GET. Sets Content-Type, Accept-Ranges, ETag, Last-Modified, Content-Range,
// Content-Disposition and Cache-Control: private, no-cache.
Response file_response(const Request& request, const Entity& entity);

}  // namespace msst::http
