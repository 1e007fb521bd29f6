#pragma once

#include <string>
#include <string_view>

namespace msst::yaml {

// `text` in UTF-8 without a byte order mark: itself when it is well formed, else read as Windows-1252.
std::string to_utf8(std::string_view text);

}  // namespace msst::yaml
