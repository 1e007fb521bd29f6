#include "http/file_response.h"

#include <algorithm>

#include "base/ids.h"
#include "http/conditional.h"
#include "http/disposition.h"
#include "http/error_reply.h"
#include "http/range.h"

namespace msst::http {
namespace {

using beast_http::status;

int64_t size_of(const std::variant<std::string, FileSlice>& segment) {
    if (const auto* text = std::get_if<std::string>(&segment)) return std::ssize(*text);
    return std::get<FileSlice>(segment).length;
}

std::variant<std::string, FileSlice> cut_one(const std::variant<std::string, FileSlice>& segment,
                                             int64_t first, int64_t length) {
    if (const auto* text = std::get_if<std::string>(&segment))
        return text->substr(static_cast<size_t>(first), static_cast<size_t>(length));
    FileSlice slice = std::get<FileSlice>(segment);
    slice.offset += first;
    slice.length = length;
    return slice;
}

std::string content_range(const ByteRange& range, int64_t size) {
    return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) +
           "/" + std::to_string(size);
}

void append(Segments& to, Segments pieces) {
    for (auto& piece : pieces) to.push_back(std::move(piece));
}

Response with_common_headers(const Entity& entity) {
    Response response;
    response.set_header("Accept-Ranges", "bytes");
    response.set_header("ETag", entity.etag);
    response.set_header("Last-Modified", to_http_date(entity.last_modified));
    response.set_header("Cache-Control", "private, no-cache");
    if (!entity.file_name.empty())
        response.set_header("Content-Disposition", attachment_disposition(entity.file_name));
    return response;
}

void make_whole(Response& response, const Entity& entity) {
    response.set_header("Content-Type", entity.content_type);
    response.body = entity.content;
}

void make_single(Response& response, const Entity& entity, const ByteRange& range, int64_t size) {
    response.status = status::partial_content;
    response.set_header("Content-Type", entity.content_type);
    response.set_header("Content-Range", content_range(range, size));
    response.body = cut(entity.content, range.first, range.length);
}

void make_multipart(Response& response, const Entity& entity, const std::vector<ByteRange>& ranges,
                    int64_t size) {
    const std::string boundary = make_random_hex(16);
    Segments body;
    for (const ByteRange& range : ranges) {
        body.emplace_back("\r\n--" + boundary + "\r\nContent-Type: " + entity.content_type +
                          "\r\nContent-Range: " + content_range(range, size) + "\r\n\r\n");
        append(body, cut(entity.content, range.first, range.length));
    }
    body.emplace_back("\r\n--" + boundary + "--\r\n");
    response.status = status::partial_content;
    response.set_header("Content-Type", "multipart/byteranges; boundary=" + boundary);
    response.body = std::move(body);
}

[[noreturn]] void refuse_precondition() {
    throw ApiError({.status = status::precondition_failed,
                    .code = "invalid_request",
                    .message = "the file is not in the state that If-Match or If-Unmodified-Since asks for",
                    .errors = {},
                    .headers = {}});
}

[[noreturn]] void refuse_range(int64_t size) {
    throw ApiError(
        {.status = status::range_not_satisfiable,
         .code = "invalid_request",
         .message = "the file has " + std::to_string(size) + " bytes, and the range asks for others",
         .errors = {},
         .headers = {{"Content-Range", "bytes */" + std::to_string(size)}}});
}

RangeRequest wanted_ranges(const Request& request, const Validators& validators, int64_t size) {
    if (request.method != beast_http::verb::get) return {};
    const auto [begin, end] = request.headers.equal_range("Range");
    if (begin == end || std::next(begin) != end) return {};
    if (!if_range_holds(request, validators)) return {};
    return parse_range(std::string_view(begin->value()), size);
}

}  // namespace

int64_t size_of(const Segments& segments) {
    int64_t sum = 0;
    for (const auto& segment : segments) sum += size_of(segment);
    return sum;
}

Segments cut(const Segments& segments, int64_t first, int64_t length) {
    check(first >= 0 && length >= 0, "cut: a range is negative");
    Segments result;
    for (const auto& segment : segments) {
        const int64_t size = size_of(segment);
        const int64_t begin = std::min(first, size);
        const int64_t taken = std::min(size - begin, length);
        if (taken > 0) result.push_back(cut_one(segment, begin, taken));
        first -= begin;
        length -= taken;
    }
    check(length == 0, "cut: the range ends behind the segments");
    return result;
}

Response file_response(const Request& request, const Entity& entity) {
    const Validators validators{entity.etag, entity.last_modified};
    Response response = with_common_headers(entity);
    switch (evaluate_preconditions(request, validators)) {
        case Precondition::holds:
            break;
        case Precondition::failed:
            refuse_precondition();
        case Precondition::not_modified:
            response.status = status::not_modified;
            return response;
    }
    const int64_t size = size_of(entity.content);
    const RangeRequest range = wanted_ranges(request, validators, size);
    switch (range.kind) {
        case RangeRequest::Kind::whole:
            make_whole(response, entity);
            break;
        case RangeRequest::Kind::unsatisfiable:
            refuse_range(size);
        case RangeRequest::Kind::partial:
            if (range.ranges.size() == 1)
                make_single(response, entity, range.ranges[0], size);
            else
                make_multipart(response, entity, range.ranges, size);
            break;
    }
    return response;
}

}  // namespace msst::http
