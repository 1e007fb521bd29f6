#pragma once

#include <memory>
#include <span>

#include "backend/cpu/storage.h"

// Weights packed for product_tile-inl.h: what one step of a tile takes lies together.

namespace msst::backend::cpu {

// Zeros, aligned to a line of the cache.
class PanelMemory {
public:
    explicit PanelMemory(int64_t bytes);

    std::byte* data() const { return bytes_.get(); }

private:
    struct Free {
        void operator()(std::byte* memory) const;
    };
    std::unique_ptr<std::byte[], Free> bytes_;
};

// Puts one column of a panel where its steps lie: 32 bits each, stride_bytes apart, one float32 or two
// bfloat16 (rounded to nearest, ties to even).
void pack_column(std::span<const float> column, Storage factors, std::byte* to, int64_t stride_bytes);

}  // namespace msst::backend::cpu
