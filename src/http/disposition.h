#pragma once

#include <string>
#include <string_view>

namespace msst::http {

// `attachment; filename="ascii"; filename*=UTF-8''…` (RFC 6266, RFC 8187) for any bytes at all: the result is
// one line of printable ASCII. The first name has `_` for what is not plain ASCII.
std::string attachment_disposition(std::string_view file_name);

}  // namespace msst::http
