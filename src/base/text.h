#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text that strangers gave us, made fit to be stored, logged and sent back.

namespace msst {

// Valid UTF-8 of at most `max_bytes`: malformed bytes become U+FFFD, control
// characters (C0, DEL, C1) become a space, the cut falls between characters.
std::string clean_text(std::string_view text, size_t max_bytes);

// The last path component of a name a client sent ("C:\\a\\b.mp3", "../x" and
// "x" all give a bare name), cleaned and at most 255 bytes; never empty.
std::string clean_file_name(std::string_view name);

std::string to_lower_ascii(std::string_view text);
std::string_view trim(std::string_view text);

// 0 … 15 of a hexadecimal digit of either case; -1 of any other character.
int hex_value(char c);

}  // namespace msst
