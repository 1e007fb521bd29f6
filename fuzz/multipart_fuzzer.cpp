#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/multipart.h"

// A form of any bytes is read or refused, with the same outcome whether it comes whole or in pieces.

namespace {

using msst::http::MultipartEvent;
using Kind = MultipartEvent::Kind;

// What a reader of the form sees, with pieces of `step` bytes; ends with "refused" if it was.
std::string transcript(std::string_view body, size_t step) {
    std::string seen;
    msst::http::MultipartParser parser("b");
    try {
        for (size_t at = 0; at < body.size(); at += step) {
            std::string_view input = body.substr(at, step);
            for (;;) {
                const MultipartEvent event = parser.next(input);
                if (event.kind == Kind::need_more) break;
                if (event.kind == Kind::part_begin)
                    seen += "[" + parser.part().name + "|" + parser.part().file_name.value_or("") + "|";
                if (event.kind == Kind::data) seen += event.data;
                if (event.kind == Kind::part_end) seen += "]";
                if (event.kind == Kind::end) seen += ".";
            }
        }
        parser.finish();
    } catch (const msst::Error& error) {
        msst::check(error.code() == msst::ErrorCode::invalid_input, "multipart_fuzzer: not invalid_input");
        return "refused";
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const std::string whole = transcript(body, size + 1);
    for (const size_t step : {1, 2, 3, 7})
        msst::check(transcript(body, step) == whole, "multipart_fuzzer: the pieces matter");
    try {
        msst::http::multipart_boundary(body);
    } catch (const msst::Error& error) {
        msst::check(error.code() == msst::ErrorCode::invalid_input, "multipart_fuzzer: not invalid_input");
    }
    return 0;
}
