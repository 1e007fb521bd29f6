#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

// multipart/form-data (RFC 7578, RFC 2046), read as it streams in. Memory is constant: the headers of one
// part and a piece of a boundary; a part's data is never gathered.

namespace msst::http {

struct MultipartLimits {
    size_t part_header_bytes = 16 * 1024;
    size_t parts = 100;
    size_t preamble_bytes = 4 * 1024;  // before the first boundary; the same for what follows the last
    size_t boundary_padding = 256;     // blanks after a boundary
};

// The headers of one part.
struct PartHeader {
    std::string name;                      // of the form's field, as sent
    std::optional<std::string> file_name;  // as sent (never a path to use); set when the part is a file
    std::string content_type;              // empty: not given
};

struct MultipartEvent {
    enum class Kind {
        need_more,   // the input is used up
        part_begin,  // part() tells which
        data,        // `data` belongs to the part; never empty
        part_end,
        end,  // the last boundary has come; what follows is ignored
    };
    Kind kind = Kind::need_more;
    std::string_view data{};  // points into the input or the parser: use it before the next call
};

// The boundary of a Content-Type value. Throws Error(invalid_input, "invalid_request") unless it is
// multipart/form-data with exactly one boundary of 1 to 70 allowed characters.
std::string multipart_boundary(std::string_view content_type);

// The parser: bytes in, events out. Knows nothing of sockets.
class MultipartParser {
public:
    explicit MultipartParser(std::string_view boundary, MultipartLimits limits = {});

    // Takes bytes from the front of `input` and tells the next event. Throws Error(invalid_input,
    // "invalid_request") for what is not multipart/form-data or breaks a limit; do not call again after that.
    MultipartEvent next(std::string_view& input);

    // Call when no more input will come. Throws Error(invalid_input, "invalid_request") if the last boundary
    // has not.
    void finish() const;

    // Of the latest part_begin.
    const PartHeader& part() const { return part_; }

private:
    enum class State { preamble, after_delimiter, after_dash, padding, line_end, headers, data, epilogue };

    std::optional<MultipartEvent> scan(std::string_view& input);
    std::optional<MultipartEvent> resume_match(std::string_view& input);
    std::optional<MultipartEvent> finish_match();
    std::optional<MultipartEvent> take(char c);
    std::optional<MultipartEvent> take_header_byte(char c);
    std::optional<MultipartEvent> text(std::string_view bytes);
    void count_outside(size_t bytes);

    std::string delimiter_;  // CRLF "--" boundary
    MultipartLimits limits_;
    State state_ = State::preamble;
    size_t matched_ = 2;        // bytes of delimiter_ seen last; the first one needs no line break before it
    size_t outside_bytes_ = 0;  // of preamble or epilogue
    size_t padding_bytes_ = 0;
    size_t parts_ = 0;
    std::string headers_;  // of the part that begins
    PartHeader part_;
};

class BodyReader;

// The parser on a request's body.
class MultipartReader {
public:
    // content_type: the request's. Throws as multipart_boundary. `body` must outlive the reader.
    MultipartReader(BodyReader& body, std::string_view content_type, MultipartLimits limits = {});
    ~MultipartReader();

    // The next event, never need_more. Reads the body to its end before it tells `end`. Throws as the parser
    // and as BodyReader.
    boost::asio::awaitable<MultipartEvent> next();

    const PartHeader& part() const { return parser_.part(); }

    // After part_begin: the part's data up to its end, as text. Throws ApiError (400 `invalid_parameters`,
    // naming the field) when it is longer than max_bytes.
    boost::asio::awaitable<std::string> read_value(size_t max_bytes = 64 * 1024);

private:
    boost::asio::awaitable<bool> fill();

    BodyReader& body_;
    MultipartParser parser_;
    std::unique_ptr<char[]> buffer_;
    std::string_view unread_;  // in buffer_
};

}  // namespace msst::http
