#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace msst::graph {

// Sizes of a tensor's axes, row-major: the last axis is contiguous.
using Shape = std::vector<int64_t>;

int64_t elements(const Shape& shape);
std::string to_string(const Shape& shape);  // "[2, 801, 60]"

// Shapes of an operation's inputs. An optional input that is not there has no axes.
using InputShapes = std::span<const Shape>;

// For shape rules: throws Error(internal) that names the operation and the shapes when `condition` is false.
void require_shapes(bool condition, const char* op, InputShapes inputs);

}  // namespace msst::graph
