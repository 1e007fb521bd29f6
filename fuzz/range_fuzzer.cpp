#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/conditional.h"
#include "http/disposition.h"
#include "http/range.h"

// Header values of any bytes. The first line is the size of the file, the second the value.

namespace {

using namespace msst;
using namespace msst::http;

int64_t take_size(std::string_view& text) {
    int64_t size = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9' && size < (int64_t{1} << 58)) {
        size = size * 10 + (text.front() - '0');
        text.remove_prefix(1);
    }
    if (!text.empty()) text.remove_prefix(1);
    return size;
}

void check_ranges(const RangeRequest& request, int64_t size) {
    check(request.ranges.empty() == (request.kind != RangeRequest::Kind::partial),
          "range_fuzzer: kind and ranges");
    check(request.ranges.size() <= kMaxRanges, "range_fuzzer: too many ranges");
    std::vector<ByteRange> ranges = request.ranges;
    std::ranges::sort(ranges, {}, &ByteRange::first);
    int64_t free = 0;
    for (const ByteRange& range : ranges) {
        check(range.first >= free && range.length > 0 && range.length <= size - range.first,
              "range_fuzzer: a range overlaps another or leaves the file");
        free = range.first + range.length + 1;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const int64_t file_size = take_size(text);
    check_ranges(parse_range(text, file_size), file_size);
    parse_http_date(text);
    Request request;
    request.method = beast_http::verb::get;
    if (text.size() < 4096) {
        for (const char* name : {"If-None-Match", "If-Match", "If-Range", "If-Modified-Since"}) {
            request.headers.clear();
            request.headers.insert(name, text);
            evaluate_preconditions(request, {"\"a\"", Timestamp{}});
            if_range_holds(request, {"\"a\"", Timestamp{}});
        }
    }
    for (const char c : attachment_disposition(text))
        check(c >= 0x20 && c < 0x7f, "range_fuzzer: a name leaves printable ASCII");
    return 0;
}
