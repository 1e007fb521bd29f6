#include "http/multipart.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "http/parameters.h"

namespace msst::http {
namespace {

using Kind = MultipartEvent::Kind;

[[noreturn]] void refuse_form(const std::string& message) {
    throw Error(ErrorCode::invalid_input, message, "invalid_request");
}

bool is_boundary_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos);
}

// The longest end of `text` that is a beginning of `delimiter`, whose only CR is its first byte.
size_t partial_match(std::string_view text, std::string_view delimiter) {
    const size_t from = text.size() - std::min(text.size(), delimiter.size() - 1);
    const size_t cr = text.rfind('\r');
    if (cr == std::string_view::npos || cr < from) return 0;
    return delimiter.starts_with(text.substr(cr)) ? text.size() - cr : 0;
}

// One header line of a part after the other, folded ones joined.
std::vector<std::string> header_lines(std::string_view block) {
    std::vector<std::string> lines;
    while (!block.empty()) {
        const size_t end = block.find("\r\n");
        const std::string_view line = block.substr(0, end);
        block.remove_prefix(std::min(block.size(), end + 2));
        if (line.empty()) continue;
        for (const char c : line)
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
                refuse_form("a header of a part has a control character");
        const bool is_folded = line.front() == ' ' || line.front() == '\t';
        if (is_folded && lines.empty()) refuse_form("the headers of a part begin with a blank");
        if (is_folded)
            lines.back() += " " + std::string(trim(line));
        else
            lines.emplace_back(line);
    }
    return lines;
}

PartHeader read_disposition(std::string_view value) {
    const ParameterizedValue disposition = parse_parameterized(value);
    if (disposition.value != "form-data") refuse_form("a part's Content-Disposition is not form-data");
    const auto name = disposition.find("name");
    if (!name || name->empty()) refuse_form("a part has no name");
    PartHeader part{.name = std::string(*name), .file_name = {}, .content_type = {}};
    if (const auto file_name = disposition.find("filename")) part.file_name = std::string(*file_name);
    // Some clients send names beyond ASCII only this way, against RFC 7578, 4.2.
    if (const auto extended = disposition.find("filename*"))
        if (auto decoded = decode_extended(*extended)) part.file_name = std::move(decoded);
    return part;
}

void check_transfer_encoding(std::string_view value) {
    const std::string encoding = to_lower_ascii(trim(value));
    if (encoding != "7bit" && encoding != "8bit" && encoding != "binary")
        refuse_form("a part has a Content-Transfer-Encoding other than 7bit, 8bit and binary");
}

PartHeader read_part_header(std::string_view block) {
    std::optional<std::string> disposition;
    std::optional<std::string> content_type;
    for (const std::string& line : header_lines(block)) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos || !is_token(std::string_view(line).substr(0, colon)))
            refuse_form("a header of a part is not of the form 'name: value'");
        const std::string name = to_lower_ascii(line.substr(0, colon));
        const std::string value(trim(std::string_view(line).substr(colon + 1)));
        std::optional<std::string>* known = name == "content-disposition" ? &disposition
                                            : name == "content-type"      ? &content_type
                                                                          : nullptr;
        if (known && *known) refuse_form("a part has its " + name + " twice");
        if (known) *known = value;
        if (name == "content-transfer-encoding") check_transfer_encoding(value);
    }
    if (!disposition) refuse_form("a part has no Content-Disposition");
    PartHeader part = read_disposition(*disposition);
    part.content_type = content_type.value_or("");
    return part;
}

}  // namespace

std::string multipart_boundary(std::string_view content_type) {
    const ParameterizedValue type = parse_parameterized(content_type);
    if (type.value != "multipart/form-data") refuse_form("the Content-Type is not multipart/form-data");
    const auto boundary = type.find("boundary");
    if (!boundary) refuse_form("the Content-Type has no boundary");
    if (boundary->empty() || boundary->size() > 70)
        refuse_form("the boundary has " + std::to_string(boundary->size()) + " characters, not 1 to 70");
    if (!std::ranges::all_of(*boundary, is_boundary_char) || boundary->back() == ' ')
        refuse_form("the boundary has characters that RFC 2046 does not allow");
    return std::string(*boundary);
}

MultipartParser::MultipartParser(std::string_view boundary, MultipartLimits limits)
    : delimiter_("\r\n--" + std::string(boundary)), limits_(limits) {}

MultipartEvent MultipartParser::next(std::string_view& input) {
    while (!input.empty()) {
        std::optional<MultipartEvent> event;
        switch (state_) {
            case State::preamble:
            case State::data:
                event = scan(input);
                break;
            case State::epilogue:
                count_outside(input.size());
                input = {};
                break;
            case State::after_delimiter:
            case State::after_dash:
            case State::padding:
            case State::line_end:
            case State::headers:
                event = take(input.front());
                input.remove_prefix(1);
                break;
        }
        if (event) return *event;
    }
    return {};
}

void MultipartParser::finish() const {
    if (state_ != State::epilogue) refuse_form("the body ends before its last boundary");
}

void MultipartParser::count_outside(size_t bytes) {
    outside_bytes_ += bytes;
    if (outside_bytes_ > limits_.preamble_bytes)
        refuse_form("there are more than " + std::to_string(limits_.preamble_bytes) +
                    " bytes outside the parts of the body");
}

// What lies between two boundaries: data of the part, or the preamble.
std::optional<MultipartEvent> MultipartParser::text(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    if (state_ == State::data) return MultipartEvent{Kind::data, bytes};
    count_outside(bytes.size());
    return std::nullopt;
}

std::optional<MultipartEvent> MultipartParser::scan(std::string_view& input) {
    if (matched_ > 0) return resume_match(input);
    const size_t found = input.find(delimiter_);
    if (found == 0) {
        input.remove_prefix(delimiter_.size());
        return finish_match();
    }
    if (found != std::string_view::npos) {
        const std::string_view before = input.substr(0, found);
        input.remove_prefix(found);
        return text(before);
    }
    matched_ = partial_match(input, delimiter_);
    const std::string_view before = input.substr(0, input.size() - matched_);
    input = {};
    return text(before);
}

// The delimiter, or what looks like its beginning, came in pieces.
std::optional<MultipartEvent> MultipartParser::resume_match(std::string_view& input) {
    const std::string_view missing = std::string_view(delimiter_).substr(matched_);
    const std::string_view here = input.substr(0, missing.size());
    if (!missing.starts_with(here)) {
        // Not a delimiter. What was held back is its beginning, to the byte.
        return text(std::string_view(delimiter_).substr(0, std::exchange(matched_, 0)));
    }
    matched_ += here.size();
    input.remove_prefix(here.size());
    if (matched_ < delimiter_.size()) return std::nullopt;
    matched_ = 0;
    return finish_match();
}

std::optional<MultipartEvent> MultipartParser::finish_match() {
    const bool ends_part = state_ == State::data;
    state_ = State::after_delimiter;
    padding_bytes_ = 0;
    if (ends_part) return MultipartEvent{Kind::part_end, {}};
    return std::nullopt;
}

std::optional<MultipartEvent> MultipartParser::take(char c) {
    if (state_ == State::headers) return take_header_byte(c);
    const bool is_blank = c == ' ' || c == '\t';
    if (state_ == State::after_delimiter && c == '-') {
        state_ = State::after_dash;
    } else if (state_ == State::after_dash && c == '-') {
        state_ = State::epilogue;
        outside_bytes_ = 0;
        return MultipartEvent{Kind::end, {}};
    } else if ((state_ == State::after_delimiter || state_ == State::padding) && is_blank) {
        state_ = State::padding;
        if (++padding_bytes_ > limits_.boundary_padding) refuse_form("too many blanks follow a boundary");
    } else if ((state_ == State::after_delimiter || state_ == State::padding) && c == '\r') {
        state_ = State::line_end;
    } else if (state_ == State::line_end && c == '\n') {
        if (++parts_ > limits_.parts)
            refuse_form("the body has more than " + std::to_string(limits_.parts) + " parts");
        state_ = State::headers;
        headers_.clear();
    } else {
        refuse_form("a boundary is followed by something else than a line break");
    }
    return std::nullopt;
}

std::optional<MultipartEvent> MultipartParser::take_header_byte(char c) {
    headers_ += c;
    if (headers_.size() > limits_.part_header_bytes)
        refuse_form("the headers of a part have more than " + std::to_string(limits_.part_header_bytes) +
                    " bytes");
    if (c != '\n' || (headers_ != "\r\n" && !headers_.ends_with("\r\n\r\n"))) return std::nullopt;
    part_ = read_part_header(headers_);
    headers_ = {};
    state_ = State::data;
    return MultipartEvent{Kind::part_begin, {}};
}

}  // namespace msst::http
