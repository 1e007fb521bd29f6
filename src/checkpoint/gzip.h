#pragma once

#include <memory>
#include <vector>

#include "checkpoint/byte_reader.h"

namespace msst::checkpoint {

bool is_gzip(Bytes file);

// The bytes of a gzip file with one member. Weights hardly shrink, so what grows beyond 16 MiB may grow
// 16-fold and to 4 GiB at most. Throws Error(invalid_input) for what grows more, is cut short, damaged or
// followed by something else.
std::shared_ptr<const std::vector<std::byte>> unpack_gzip(Bytes file);

}  // namespace msst::checkpoint
