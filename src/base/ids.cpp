#include "base/ids.h"

#include <array>
#include <cstdint>
#include <vector>

#include <sodium.h>

namespace msst {
namespace {

constexpr int kHighBits = 12;
constexpr int kLowBits = 62;
// Of the step between two ids of one millisecond: too wide to guess, and room for a million steps.
constexpr int kStepBits = 42;
constexpr uint64_t kVersion = 0x7000;
constexpr uint64_t kVariant = uint64_t{0b10} << 62;

constexpr uint64_t mask(int bits) {
    return (uint64_t{1} << bits) - 1;
}

uint64_t random_bits(int bits) {
    uint64_t random = 0;
    randombytes_buf(&random, sizeof random);
    return random & mask(bits);
}

std::string to_hex(const uint8_t* bytes, size_t count) {
    std::string text(2 * count + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes, count);
    text.pop_back();
    return text;
}

std::string to_text(uint64_t first, uint64_t second) {
    std::array<uint8_t, 16> bytes{};
    for (int i = 0; i < 8; ++i) {
        bytes[i] = static_cast<uint8_t>(first >> (56 - 8 * i));
        bytes[8 + i] = static_cast<uint8_t>(second >> (56 - 8 * i));
    }
    std::string text = to_hex(bytes.data(), bytes.size());
    for (const size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
    return text;
}

}  // namespace

std::string UuidMaker::make(Timestamp now) {
    const auto millis = static_cast<uint64_t>(now.time_since_epoch().count());
    const std::lock_guard lock(mutex_);
    if (millis > millis_) {
        millis_ = millis;
        high_ = random_bits(kHighBits - 1);  // the top bit stays free: room to grow
        low_ = random_bits(kLowBits);
    } else {
        low_ += 1 + random_bits(kStepBits);
        high_ += low_ >> kLowBits;
        low_ &= mask(kLowBits);
        millis_ += high_ >> kHighBits;
        high_ &= mask(kHighBits);
    }
    return to_text((millis_ << 16) | kVersion | high_, kVariant | low_);
}

std::string make_uuid_v7(Timestamp now) {
    static UuidMaker maker;
    return maker.make(now);
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}

std::string make_random_hex(int bytes) {
    std::vector<uint8_t> random(bytes);
    randombytes_buf(random.data(), random.size());
    return to_hex(random.data(), random.size());
}

}  // namespace msst
