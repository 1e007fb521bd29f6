#pragma once

#include "config/readers.h"

namespace msst::config {

// The list of API keys. Only their SHA-256 is kept, and no message repeats a key.
Key api_keys_key(const KeyText& text);

}  // namespace msst::config
