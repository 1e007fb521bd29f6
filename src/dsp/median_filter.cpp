#include "dsp/median_filter.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace msst::dsp {
namespace {

constexpr int kMaxLength = 63;
constexpr int64_t kColumns = 64;

using Rows = std::array<std::array<float, kColumns>, kMaxLength>;
using Exchanges = std::vector<std::pair<int, int>>;

// The compiler makes one version per width of vectors, and the loader picks.
#if defined(__x86_64__)
#define MSST_FOR_EVERY_VECTOR_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MSST_FOR_EVERY_VECTOR_WIDTH
#endif

// Two comparisons, as the instructions for minimum and maximum make them: of one (b = x < y ? y : x) GCC 12
// makes masked stores behind jumps for AVX2, four times as slow.
MSST_FOR_EVERY_VECTOR_WIDTH
void exchange_all(Rows& rows, const Exchanges& exchanges) {
    for (const auto& [low, high] : exchanges) {
        float* __restrict a = rows[low].data();
        float* __restrict b = rows[high].data();
        for (int64_t i = 0; i < kColumns; ++i) {
            const float x = a[i], y = b[i];
            a[i] = x < y ? x : y;
            b[i] = x > y ? x : y;
        }
    }
}

// Comparators of Batcher's network for `size` inputs (Knuth, The Art of Computer Programming, 5.3.4,
// algorithm M).
std::vector<std::pair<int, int>> odd_even_merge_sort(int size) {
    std::vector<std::pair<int, int>> network;
    int top = 1;
    while (2 * top < size) top *= 2;
    for (int p = top; p > 0; p /= 2)
        for (int q = top, r = 0, d = p; d > 0; d = q - p, q /= 2, r = p)
            for (int i = 0; i < size - d; ++i)
                if ((i & p) == r) network.emplace_back(i, i + d);
    return network;
}

// Only what the middle output depends on.
std::vector<std::pair<int, int>> pruned_to_median(std::vector<std::pair<int, int>> network, int size) {
    std::vector<bool> is_needed(size);
    is_needed[size / 2] = true;
    std::vector<std::pair<int, int>> kept;
    for (auto exchange = network.rbegin(); exchange != network.rend(); ++exchange) {
        if (!is_needed[exchange->first] && !is_needed[exchange->second]) continue;
        is_needed[exchange->first] = is_needed[exchange->second] = true;
        kept.push_back(*exchange);
    }
    std::ranges::reverse(kept);
    return kept;
}

}  // namespace

MedianFilter::MedianFilter(int length) : length_(length) {
    check(length >= 3 && length <= kMaxLength && length % 2 == 1,
          "median filter: the length must be odd, 3 to 63");
    exchanges_ = pruned_to_median(odd_even_merge_sort(length), length);
}

void MedianFilter::apply(std::span<const float* const> rows, std::span<float> out) const {
    Rows work;
    for (int64_t begin = 0; begin < std::ssize(out); begin += kColumns) {
        const int64_t count = std::min(kColumns, std::ssize(out) - begin);
        for (int r = 0; r < length_; ++r) {
            std::copy_n(rows[r] + begin, count, work[r].begin());
            std::fill(work[r].begin() + count, work[r].end(), 0.0f);
        }
        exchange_all(work, exchanges_);
        std::copy_n(work[length_ / 2].begin(), count, out.begin() + begin);
    }
}

}  // namespace msst::dsp
