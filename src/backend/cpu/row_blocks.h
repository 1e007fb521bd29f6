#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {

// Hands out rows to threads in blocks of whole tiles, smaller ones towards the end: threads end at about the
// same time, however unlike their speeds.
class RowBlocks {
public:
    // tile: rows of a tile; most: of a block, whole tiles.
    RowBlocks(int64_t rows, int64_t tile, int64_t most, int threads)
        : rows_(rows),
          tile_(tile),
          most_(most),
          least_(std::min(most, std::clamp(up_to_multiple(rows / threads / 4, tile), tile, kEnough * tile))),
          shares_(int64_t{2} * threads) {}

    struct Block {
        int64_t first = 0;
        int64_t count = 0;  // 0: there are no more
    };

    // From any thread.
    Block take() {
        int64_t first = next_.load(std::memory_order_relaxed);
        while (!next_.compare_exchange_weak(first, first + count_at(first), std::memory_order_relaxed)) {
        }
        return {first, count_at(first)};
    }

private:
    // Half of what is left, divided by the threads, within bounds.
    int64_t count_at(int64_t first) const {
        const int64_t left = rows_ - first;
        return std::min(left, std::clamp(up_to_multiple(left / shares_, tile_), least_, most_));
    }

    static constexpr int64_t kEnough = 4;  // tiles that are worth going by a whole weight
    int64_t rows_;
    int64_t tile_;
    int64_t most_;
    int64_t least_;
    int64_t shares_;
    std::atomic<int64_t> next_ = 0;
};

}  // namespace msst::backend::cpu
