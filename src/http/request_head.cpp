#include "http/request_head.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "http/error_reply.h"
#include "http/parameters.h"

namespace msst::http {
namespace {

using beast_http::status;
using beast_http::verb;

[[noreturn]] void refuse_head(status code, std::string message) {
    throw ApiError({.status = code,
                    .code = "invalid_request",
                    .message = std::move(message),
                    .errors = {},
                    .headers = {}});
}

[[noreturn]] void refuse_head(std::string message) {
    refuse_head(status::bad_request, std::move(message));
}

// Takes `text` up to CRLF, which is there.
std::string_view take_line(std::string_view& text) {
    const size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

bool is_target_char(char c) {
    return c > 0x20 && c < 0x7f && c != '#';
}

bool is_field_char(char signed_c) {
    const auto c = static_cast<unsigned char>(signed_c);
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

bool is_host_char(char c) {
    return is_token_char(c) || (c != '\0' && std::string_view(":[](),;=").find(c) != std::string_view::npos);
}

// What follows "http://authority" of an absolute target.
std::string_view without_authority(std::string_view target) {
    const std::string start = to_lower_ascii(target.substr(0, 8));
    if (!start.starts_with("http://") && !start.starts_with("https://"))
        refuse_head("the request target is neither a path nor an http URL");
    target.remove_prefix(target.find("//") + 2);
    const std::string_view authority = target.substr(0, target.find_first_of("/?"));
    if (authority.empty() || !std::ranges::all_of(authority, is_host_char))
        refuse_head("the host of the request target is malformed");
    return target.substr(authority.size());
}

void read_target(std::string_view target, RequestHead& head) {
    if (target.empty() || !std::ranges::all_of(target, is_target_char))
        refuse_head("the request target is empty or has characters that it may not have");
    if (target == "*" && head.method == verb::options) {
        head.path = "*";
        return;
    }
    if (!target.starts_with('/')) target = without_authority(target);
    const size_t question = std::min(target.find('?'), target.size());
    head.path = question == 0 ? "/" : target.substr(0, question);
    head.query = target.substr(std::min(question + 1, target.size()));
}

int read_minor_version(std::string_view version) {
    const bool is_version = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
                            version[5] >= '0' && version[5] <= '9' && version[7] >= '0' && version[7] <= '9';
    if (!is_version) refuse_head("the request line does not end with an HTTP version");
    if (version[5] != '1')
        refuse_head(status::http_version_not_supported, "this server speaks HTTP/1.1 and HTTP/1.0");
    return version[7] - '0';
}

void read_request_line(std::string_view line, RequestHead& head) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        refuse_head("the request line does not have three parts");
    const std::string_view method = line.substr(0, first);
    if (!is_token(method)) refuse_head("the method is not a token");
    head.minor_version = read_minor_version(line.substr(last + 1));
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (target.size() > kMaxTargetBytes)
        refuse_head(status::uri_too_long, "the request target has " + std::to_string(target.size()) +
                                              " bytes, the limit is " + std::to_string(kMaxTargetBytes));
    head.method_text = method;
    head.method = beast_http::string_to_verb(method);
    if (head.method == verb::connect) {
        // Its target is no path; there is no such thing here whatever it says.
        head.method = verb::unknown;
        head.path = "/";
        return;
    }
    read_target(target, head);
}

void read_field(std::string_view line, beast_http::fields& fields) {
    if (line.starts_with(' ') || line.starts_with('\t')) refuse_head("a header line is folded");
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        refuse_head("a header line does not begin with a name and a colon");
    const std::string_view value = line.substr(colon + 1);
    if (!std::ranges::all_of(value, is_field_char)) refuse_head("a header value has a control character");
    fields.insert(line.substr(0, colon), trim(value));
}

// The one value of a header; none if it is not there.
std::optional<std::string_view> single(const beast_http::fields& fields, beast_http::field name) {
    const auto [begin, end] = fields.equal_range(name);
    if (begin == end) return std::nullopt;
    if (std::next(begin) != end)
        refuse_head("the header " + std::string(beast_http::to_string(name)) + " comes more than once");
    return std::string_view(begin->value());
}

std::optional<int64_t> read_content_length(const beast_http::fields& fields) {
    const auto value = single(fields, beast_http::field::content_length);
    if (!value) return std::nullopt;
    int64_t length = 0;
    if (value->empty()) refuse_head("the Content-Length is empty");
    for (const char c : *value) {
        if (c < '0' || c > '9') refuse_head("the Content-Length is not a number");
        if (length > (std::numeric_limits<int64_t>::max() - (c - '0')) / 10)
            refuse_head("the Content-Length is beyond all measure");
        length = length * 10 + (c - '0');
    }
    return length;
}

bool read_is_chunked(const RequestHead& head) {
    const auto value = single(head.fields, beast_http::field::transfer_encoding);
    if (!value) return false;
    if (head.minor_version == 0) refuse_head("HTTP/1.0 has no Transfer-Encoding");
    if (head.content_length) refuse_head("a request may not have both Content-Length and Transfer-Encoding");
    const std::string coding = to_lower_ascii(*value);
    if (coding == "chunked") return true;
    if (coding.ends_with("chunked") && coding.find(',') != std::string::npos &&
        coding.find("chunked") == coding.size() - 7)
        refuse_head(status::not_implemented, "chunked is the only transfer coding this server knows");
    refuse_head("the Transfer-Encoding is not chunked");
}

void check_host(const RequestHead& head) {
    const auto host = single(head.fields, beast_http::field::host);
    if (!host && head.minor_version >= 1) refuse_head("the header Host is missing");
    if (host && !std::ranges::all_of(*host, is_host_char)) refuse_head("the header Host is malformed");
}

bool read_expects_continue(const RequestHead& head) {
    const auto value = single(head.fields, beast_http::field::expect);
    if (!value || head.minor_version == 0) return false;
    if (to_lower_ascii(*value) != "100-continue")
        refuse_head(status::expectation_failed, "100-continue is the only expectation this server knows");
    return true;
}

bool read_is_keep_alive(const RequestHead& head) {
    bool has_close = false;
    bool has_keep_alive = false;
    const auto [begin, end] = head.fields.equal_range(beast_http::field::connection);
    for (auto field = begin; field != end; ++field) {
        std::string list = to_lower_ascii(field->value());
        for (size_t at = 0; at <= list.size();) {
            const size_t comma = std::min(list.find(',', at), list.size());
            const std::string_view token = trim(std::string_view(list).substr(at, comma - at));
            has_close |= token == "close";
            has_keep_alive |= token == "keep-alive";
            at = comma + 1;
        }
    }
    return !has_close && (head.minor_version >= 1 || has_keep_alive);
}

}  // namespace

std::optional<HeadScanner::Extent> HeadScanner::scan(std::string_view received) {
    for (;;) {
        const size_t newline = received.find('\n', scanned_);
        scanned_ = newline == std::string_view::npos ? received.size() : newline + 1;
        check_limits(received);
        if (newline == std::string_view::npos) return std::nullopt;
        if (newline == line_begin_ || received[newline - 1] != '\r')
            refuse_head("a line does not end with CR LF");
        const bool is_empty = newline == line_begin_ + 1;
        line_begin_ = newline + 1;
        if (!is_empty) {
            ++lines_;
        } else if (lines_ > 0) {
            return Extent{begin_, line_begin_};
        } else {
            begin_ = line_begin_;
            if (++blank_lines_ > kMaxBlankLines) refuse_head("the request begins with empty lines");
        }
    }
}

void HeadScanner::check_limits(std::string_view received) const {
    // Method, version and blanks around the target.
    constexpr size_t kAroundTarget = 64;
    if (received.size() > begin_ && received[begin_] != '\r' && !is_token_char(received[begin_]))
        refuse_head("the first byte does not begin an HTTP request");
    if (lines_ == 0 && scanned_ - line_begin_ > kMaxTargetBytes + kAroundTarget)
        refuse_head(status::uri_too_long,
                    "the request line is longer than " + std::to_string(kMaxTargetBytes) + " bytes");
    if (scanned_ - begin_ > kMaxHeadBytes)
        refuse_head(status::request_header_fields_too_large,
                    "the head of the request has more than " + std::to_string(kMaxHeadBytes) + " bytes");
    if (lines_ > kMaxFields + 1)
        refuse_head(status::request_header_fields_too_large,
                    "the request has more than " + std::to_string(kMaxFields) + " header fields");
}

RequestHead parse_request_head(std::string_view text) {
    RequestHead head;
    read_request_line(take_line(text), head);
    for (std::string_view line = take_line(text); !line.empty(); line = take_line(text))
        read_field(line, head.fields);
    head.content_length = read_content_length(head.fields);
    head.is_chunked = read_is_chunked(head);
    head.expects_continue = read_expects_continue(head);
    head.is_keep_alive = read_is_keep_alive(head);
    check_host(head);
    return head;
}

}  // namespace msst::http
