// The innermost loop of our own matrix products: six rows by four vectors of columns, summed in registers.
// Included once per instruction set, as vector_rows-inl.h.
//
// 24 sums, four vectors of columns and one spread number fill the 32 registers of AVX-512; a processor that
// starts one multiplication a cycle and needs four to six cycles for it is kept busy by any tile of at least
// six sums, and the more rows share a vector of columns, the less is loaded. Processors with 16 registers
// take two vectors.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <hwy/highway.h>

#include "backend/cpu/vector_rows-inl.h"

#if defined(MSST_BACKEND_CPU_PRODUCT_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MSST_BACKEND_CPU_PRODUCT_TILE_INL_H_
#undef MSST_BACKEND_CPU_PRODUCT_TILE_INL_H_
#else
#define MSST_BACKEND_CPU_PRODUCT_TILE_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

inline constexpr int kTileRows = 6;
inline constexpr int kTileVectors = hn::MaxLanes(Floats()) == kLanes ? 4 : 2;

// A step of a product takes 32 bits of each row and of each column: one float32 …
struct FloatFactors : Float32 {
    static constexpr int64_t kPerStep = 1;
    template <bool kInOrder>
    static HWY_INLINE void multiply_add(Vector row, Vector column, Vector& sum) {
#if HWY_TARGET <= HWY_AVX2
        // Left to itself, the compiler sums into the register of a row and copies it back. kInOrder: and it
        // moves none of these past another.
        if constexpr (kInOrder)
            asm volatile("vfmadd231ps %2, %1, %0" : "+v"(sum.raw) : "v"(row.raw), "v"(column.raw));
        else
            asm("vfmadd231ps %2, %1, %0" : "+v"(sum.raw) : "v"(row.raw), "v"(column.raw));
#else
        sum = hn::MulAdd(row, column, sum);
#endif
    }
};

// … or two bfloat16 that lie side by side. Only where has_native_bfloat16(): Highway has no names for these
// instructions yet.
#undef MSST_HAS_BFLOAT16_FACTORS
#if HWY_TARGET <= HWY_AVX3
#define MSST_HAS_BFLOAT16_FACTORS 1
struct BFloat16Factors : BFloat16 {
    static constexpr int64_t kPerStep = 2;
    static HWY_INLINE void store(Vector v, std::byte* at) {
        __m256i narrow;
        asm("vcvtneps2bf16 %1, %0" : "=v"(narrow) : "v"(v.raw));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), narrow);
    }
    template <bool /*kInOrder*/>
    static HWY_INLINE void multiply_add(Vector row, Vector column, Vector& sum) {
        asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(row.raw), "v"(column.raw));
    }
};
#else
#define MSST_HAS_BFLOAT16_FACTORS 0
#endif

template <int kCount, class Step>
HWY_INLINE void unrolled(const Step& step) {
    [&]<int... i>(std::integer_sequence<int, i...>) MSST_BODY {
        (step(std::integral_constant<int, i>()), ...);
    }
    (std::make_integer_sequence<int, kCount>());
}

// 32 bits, whatever they mean, in every lane.
HWY_INLINE Vector spread(const std::byte* at) {
    uint32_t bits;
    std::memcpy(&bits, at, sizeof bits);
    return hn::BitCast(Floats(), hn::Set(Words(), bits));
}

template <int kRows, int kVectors>
using Sums = Vector[kRows][kVectors];

template <int kRows, int kVectors>
HWY_INLINE void clear(Sums<kRows, kVectors>& sums) {
    unrolled<kRows>([&](auto r) MSST_BODY {
        unrolled<kVectors>([&](auto v) MSST_BODY { sums[r][v] = hn::Zero(Floats()); });
    });
}

// Rows of x as they lie: 32 bits a step, `stride` bytes from one row to the next.
struct PlainRows {
    static constexpr int64_t kStepBytes = 4;
    static constexpr bool kIsPacked = false;
    const std::byte* x;
    int64_t stride;
    HWY_INLINE const std::byte* at(int64_t row) const { return x + row * stride; }
};

// Rows packed by pack_rows(): [groups of kPackedRows][steps][kPackedRows]. What a tile reads next lies behind
// what it read last, as the processor's own prefetching wants it, and one register tells where.
inline constexpr int64_t kPackedRows = kTileRows;
struct PackedRows {
    static constexpr int64_t kStepBytes = 4 * kPackedRows;
    static constexpr bool kIsPacked = true;
    const std::byte* x;  // of a whole group
    HWY_INLINE const std::byte* at(int64_t row) const { return x + row * 4; }
};

// Step `step` of what add_products does.
template <class Factors, int kRows, int kVectors, class Rows>
HWY_INLINE void add_step(const Rows& rows, const std::byte* w, int64_t step, Sums<kRows, kVectors>& sums) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    Vector columns[kVectors];
    const auto load_column = [&](auto v) MSST_BODY {
        columns[v] = hn::LoadU(d, reinterpret_cast<const float*>(w) + (step * kVectors + v) * lanes);
    };
    if constexpr (!Rows::kIsPacked) unrolled<kVectors>(load_column);
    unrolled<kRows>([&](auto r) MSST_BODY {
        const Vector row = spread(rows.at(r) + step * Rows::kStepBytes);
        unrolled<kVectors>([&](auto v) MSST_BODY {
            if constexpr (Rows::kIsPacked && r == 0) load_column(v);
            Factors::template multiply_add<Rows::kIsPacked>(row, columns[v], sums[r][v]);
        });
    });
}

// sums[r, v] += x[r, …] w[…, v] for kRows rows and kVectors vectors of columns. w: [steps, kVectors * lanes]
// times 32 bits.
//
// Four steps at a time, or eight: counting costs every step of AVX2 5 instructions beside 20. A core that
// does nothing else has room for these. One that shares its units with another thread has not: there a tile
// gained 10 to 17 % (turns of milliseconds, data in the first- and second-level caches), where multiply-adds
// by themselves lost next to nothing to the other thread. What such a thread takes as well is loads: of
// packed rows, a column is loaded right before it is first used, and the order of multiply-adds is ours; 1 to
// 3 %. Of rows as they lie, both and eight steps lose 2 to 3 % of attention.
template <class Factors, int kRows, int kVectors, class Rows>
HWY_INLINE void add_products(Rows rows, const std::byte* w, int64_t steps, Sums<kRows, kVectors>& sums) {
    constexpr int kAtOnce = Rows::kIsPacked ? 8 : 4;
    const int64_t step_bytes = kVectors * hn::Lanes(Floats()) * 4;
    for (; steps >= kAtOnce; steps -= kAtOnce) {
        unrolled<kAtOnce>([&](auto step)
                              MSST_BODY { add_step<Factors, kRows, kVectors>(rows, w, step, sums); });
        rows.x += kAtOnce * Rows::kStepBytes;
        w += kAtOnce * step_bytes;
    }
    for (; steps > 0; --steps) {
        add_step<Factors, kRows, kVectors>(rows, w, 0, sums);
        rows.x += Rows::kStepBytes;
        w += step_bytes;
    }
}

// One tile of a product, as add_products. done(r, v, sum) is called for each vector.
template <class Factors, int kVectors, int kRows = kTileRows, class Rows, class Done>
HWY_INLINE void product_tile(Rows rows, const std::byte* w, int64_t steps, const Done& done) {
    Sums<kRows, kVectors> sums;
    clear<kRows, kVectors>(sums);
    add_products<Factors, kRows, kVectors>(rows, w, steps, sums);
    unrolled<kRows>([&](auto r)
                        MSST_BODY { unrolled<kVectors>([&](auto v) MSST_BODY { done(r, v, sums[r][v]); }); });
}

// Packs a group of kPackedRows rows of float32, `in` numbers each and `stride` apart. By 128 bits, whose
// interleaving is the same for every instruction set.
[[maybe_unused]] HWY_INLINE void pack_rows(const float* x, int64_t stride, int64_t in, float* to) {
    static_assert(kPackedRows == 6);
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::CappedTag<float, 4> d;
    const hn::RepartitionToWide<hn::RebindToUnsigned<decltype(d)>> pairs;
    constexpr int64_t kNumbers = 4;
    for (; i + kNumbers <= in; i += kNumbers, to += kPackedRows * kNumbers) {
        hn::Vec<decltype(pairs)> lower[3], upper[3];  // numbers of two rows side by side
        unrolled<3>([&](auto p) MSST_BODY {
            const auto first = hn::LoadU(d, x + 2 * p * stride + i);
            const auto second = hn::LoadU(d, x + (2 * p + 1) * stride + i);
            lower[p] = hn::BitCast(pairs, hn::InterleaveLower(d, first, second));
            upper[p] = hn::BitCast(pairs, hn::InterleaveUpper(d, first, second));
        });
        auto* at = reinterpret_cast<uint64_t*>(to);
        hn::StoreInterleaved3(lower[0], lower[1], lower[2], pairs, at);
        hn::StoreInterleaved3(upper[0], upper[1], upper[2], pairs, at + kPackedRows);
    }
#endif
    for (; i < in; ++i, to += kPackedRows)
        for (int64_t row = 0; row < kPackedRows; ++row) to[row] = x[row * stride + i];
}

// Calls use(integral_constant) with how many rows a tile has for the next `rows` ones: no more than it needs,
// but it may need a row more than there are.
template <class Use>
HWY_INLINE void with_rows(int64_t rows, const Use& use) {
    if (rows > 4)
        use(std::integral_constant<int, kTileRows>());
    else if (rows > 2)
        use(std::integral_constant<int, 4>());
    else
        use(std::integral_constant<int, 2>());
}

// Calls use(integral_constant) with the most rows of a tile that there are. Returns how many.
template <class Use>
HWY_INLINE int64_t with_most_rows(int64_t rows, const Use& use) {
    if (rows >= kTileRows) {
        use(std::integral_constant<int, kTileRows>());
        return kTileRows;
    }
    if (rows >= 3) {
        use(std::integral_constant<int, 3>());
        return 3;
    }
    use(std::integral_constant<int, 1>());
    return 1;
}

// Calls use(integral_constant) with the number of vectors in a panel, 1 … kTileVectors.
template <class Use>
HWY_INLINE void with_vectors(int64_t vectors, const Use& use) {
    if (vectors == 1) return use(std::integral_constant<int, 1>());
    if constexpr (kTileVectors > 2) {
        if (vectors == 2) return use(std::integral_constant<int, 2>());
        if (vectors == 3) return use(std::integral_constant<int, 3>());
    }
    use(std::integral_constant<int, kTileVectors>());
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
