#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/verb.hpp>

// The head of an HTTP/1.x request, read strictly (RFC 9112): what two parsers could read in two ways is
// refused, so that no proxy in front of us and we disagree where a request ends.

namespace msst::http {

inline constexpr size_t kMaxHeadBytes = 64 * 1024;
inline constexpr size_t kMaxTargetBytes = 8 * 1024;
inline constexpr size_t kMaxFields = 100;

struct RequestHead {
    boost::beast::http::verb method = boost::beast::http::verb::unknown;
    std::string method_text;
    std::string path;   // still percent-encoded; begins with '/', or is "*"
    std::string query;  // without the question mark
    int minor_version = 1;
    boost::beast::http::fields fields;
    std::optional<int64_t> content_length;
    bool is_chunked = false;
    bool expects_continue = false;
    bool is_keep_alive = true;  // as client and version ask for
};

// Finds the end of a head in bytes that come in pieces; looks at every byte once.
class HeadScanner {
public:
    struct Extent {
        size_t begin = 0;  // behind blank lines that a client may send first (RFC 9112, 2.2)
        size_t end = 0;    // behind the empty line
    };

    // `received`: everything since the request's first byte, what earlier calls saw included. None: more is
    // needed. Throws ApiError: 400 for a line that does not end in CRLF or a first byte that begins no
    // request, 414 for a request line too long, 431 for too many bytes or fields.
    std::optional<Extent> scan(std::string_view received);

private:
    static constexpr int kMaxBlankLines = 2;

    void check_limits(std::string_view received) const;

    size_t begin_ = 0;       // of the request line
    size_t line_begin_ = 0;  // of the line that is not complete
    size_t scanned_ = 0;
    size_t lines_ = 0;
    int blank_lines_ = 0;
};

// `head` as HeadScanner found it. Throws ApiError: 400 for whatever is malformed or ambiguous (folded lines,
// NUL, bare CR, a wrong or repeated Content-Length, that and Transfer-Encoding together, a missing or
// repeated Host), 417 for an Expect other than 100-continue, 501 for a transfer coding besides chunked, 505
// for a version other than 1.x.
RequestHead parse_request_head(std::string_view head);

}  // namespace msst::http
