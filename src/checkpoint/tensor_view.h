#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/element_type.h"
#include "checkpoint/pickle_value.h"

namespace msst::checkpoint {

constexpr size_t kMaxRank = 8;  // axes of a tensor; a file that claims more is refused

// A tensor inside a file's bytes, checked: every element lies within `bytes`.
struct TensorView {
    ElementType type = ElementType::float32;
    std::vector<int64_t> shape;
    std::vector<int64_t> strides;  // in elements
    Bytes bytes;                   // from its first element on

    int64_t elements() const;
    bool is_contiguous() const;

    // Writes all elements in row-major order; out.size() == elements().
    void read(std::span<float> out) const;
};

// `block` holds exactly the storage's elements. Throws Error(invalid_input), naming the tensor, for negative
// sizes or strides, more elements than the storage has, or an element beyond its end.
TensorView make_tensor_view(const std::string& name, const StoredTensor& tensor, Bytes block);

}  // namespace msst::checkpoint
