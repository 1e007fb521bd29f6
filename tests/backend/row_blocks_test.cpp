#include "backend/cpu/row_blocks.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace msst::backend::cpu {
namespace {

constexpr int64_t kTile = 6;

std::vector<int64_t> counts_of(int64_t rows, int64_t most, int threads) {
    RowBlocks blocks(rows, kTile, most, threads);
    std::vector<int64_t> counts;
    int64_t next = 0;
    for (auto block = blocks.take(); block.count > 0; block = blocks.take()) {
        EXPECT_EQ(block.first, next);
        next += block.count;
        counts.push_back(block.count);
    }
    EXPECT_EQ(next, rows);
    return counts;
}

TEST(RowBlocks, EveryRowOnceInWholeTilesOfABlockAtMost) {
    for (const int64_t rows : {1, 6, 7, 100, 2048, 48060})
        for (const int64_t most : {6, 30, 126})
            for (const int threads : {1, 2, 16}) {
                const auto counts = counts_of(rows, most, threads);
                for (size_t i = 0; i < counts.size(); ++i) EXPECT_LE(counts[i], most);
                for (size_t i = 0; i + 1 < counts.size(); ++i) EXPECT_EQ(counts[i] % kTile, 0);
            }
}

TEST(RowBlocks, TheLastOnesAreSmallButForTooFewToBeWorthIt) {
    const auto counts = counts_of(2048, 126, 2);
    EXPECT_EQ(counts.front(), 126);
    EXPECT_LE(counts.back(), 24);
    for (size_t i = 0; i + 1 < counts.size(); ++i) {
        EXPECT_GE(counts[i], counts[i + 1]);
        EXPECT_GE(counts[i], 24);
    }
}

TEST(RowBlocks, ThreadsThatTakeAtTheSameTimeShareNoRow) {
    constexpr int64_t kRows = 20'000;
    RowBlocks blocks(kRows, kTile, kTile, 4);
    std::vector<std::atomic<int>> taken(kRows);
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&] {
                for (auto block = blocks.take(); block.count > 0; block = blocks.take())
                    for (int64_t i = 0; i < block.count; ++i) ++taken[block.first + i];
            });
    }
    EXPECT_TRUE(std::ranges::all_of(taken, [](const auto& times) { return times == 1; }));
}

TEST(RowBlocks, FewRowsReachEveryThread) {
    EXPECT_GE(counts_of(96, 126, 16).size(), 16u);
}

}  // namespace
}  // namespace msst::backend::cpu
