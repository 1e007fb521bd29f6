// Loops over a row of numbers in either storage, for the files that are compiled once per instruction set:
// included by each of them for every target.

#include <cstring>

#include <hwy/highway.h>

#include "backend/cpu/storage.h"
#include "backend/cpu/vector_kernels.h"

// Included once per target, so the usual guard would hide all but the first.
#if defined(MSST_VECTOR_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MSST_VECTOR_ROWS_INL_H
#undef MSST_VECTOR_ROWS_INL_H
#else
#define MSST_VECTOR_ROWS_INL_H
#endif

// Everything below is inlined by force: at -O2 the compiler makes calls of loads, stores and loop bodies,
// which pass vectors through memory and cost ten times what they compute.
#undef MSST_BODY
#define MSST_BODY HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kLanes>;
using Words = hn::Rebind<uint32_t, Floats>;
using Halves = hn::Rebind<uint16_t, Floats>;
using Vector = hn::Vec<Floats>;

// Loads and stores of one storage.
struct Float32 {
    static constexpr int64_t kBytes = 4;
    static HWY_INLINE Vector load(const std::byte* at) {
        return hn::LoadU(Floats(), reinterpret_cast<const float*>(at));
    }
    static HWY_INLINE void store(Vector v, std::byte* at) {
        hn::StoreU(v, Floats(), reinterpret_cast<float*>(at));
    }
};

struct BFloat16 {
    static constexpr int64_t kBytes = 2;
    static HWY_INLINE Vector load(const std::byte* at) {
        const auto halves = hn::LoadU(Halves(), reinterpret_cast<const uint16_t*>(at));
        return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), halves)));
    }
    // Rounds to nearest, ties to even.
    static HWY_INLINE void store(Vector v, std::byte* at) {
        const Words words;
        const auto bits = hn::BitCast(words, v);
        const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
        const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fff))));
        const auto narrow = hn::DemoteTo(Halves(), hn::BitCast(hn::RebindToSigned<Words>(), rounded));
        hn::StoreU(narrow, Halves(), reinterpret_cast<uint16_t*>(at));
    }
};

// Which part of a vector belongs to the row: all of it, or the first numbers of the last one, which goes
// through memory of our own.
struct Whole {};
struct Part {
    int64_t count;
};

template <class Type>
HWY_INLINE Vector load_at(const std::byte* row, int64_t i, Whole) {
    return Type::load(row + i * Type::kBytes);
}

template <class Type>
HWY_INLINE Vector load_at(const std::byte* row, int64_t i, Part part) {
    std::byte whole[kLanes * Type::kBytes] = {};
    std::memcpy(whole, row + i * Type::kBytes, part.count * Type::kBytes);
    return Type::load(whole);
}

template <class Type>
HWY_INLINE void store_at(Vector v, std::byte* row, int64_t i, Whole) {
    Type::store(v, row + i * Type::kBytes);
}

template <class Type>
HWY_INLINE void store_at(Vector v, std::byte* row, int64_t i, Part part) {
    std::byte whole[kLanes * Type::kBytes];
    Type::store(v, whole);
    std::memcpy(row + i * Type::kBytes, whole, part.count * Type::kBytes);
}

// Calls step(index, Whole or Part) for every vector of a row.
template <class Step>
HWY_INLINE void for_row(int64_t count, const Step& step) {
    const int64_t lanes = hn::Lanes(Floats());
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) step(i, Whole());
    if (i < count) step(i, Part{count - i});
}

HWY_INLINE const std::byte* bytes(const float* x) {
    return reinterpret_cast<const std::byte*>(x);
}

// Calls use(type) with Float32 or BFloat16.
template <class Use>
HWY_INLINE void with_type(Storage storage, const Use& use) {
    if (storage == Storage::float32)
        use(Float32());
    else
        use(BFloat16());
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
