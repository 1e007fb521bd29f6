#include "backend/cpu/panels.h"

#include <bit>
#include <cstring>
#include <new>

namespace msst::backend::cpu {
namespace {

constexpr std::align_val_t kLine{64};

uint16_t to_bfloat16(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace

PanelMemory::PanelMemory(int64_t bytes) : bytes_(new (kLine) std::byte[bytes]()) {}

void PanelMemory::Free::operator()(std::byte* memory) const {
    operator delete[](memory, kLine);
}

void pack_column(std::span<const float> column, Storage factors, std::byte* to, int64_t stride_bytes) {
    for (int64_t i = 0; i < std::ssize(column); ++i) {
        if (factors == Storage::float32) {
            std::memcpy(to + i * stride_bytes, &column[i], sizeof(float));
            continue;
        }
        const uint16_t narrow = to_bfloat16(column[i]);
        std::memcpy(to + i / 2 * stride_bytes + i % 2 * 2, &narrow, sizeof narrow);
    }
}

}  // namespace msst::backend::cpu
