#include "base/sha256.h"

#include <array>
#include <utility>

namespace msst {

std::string Sha256::finish() && {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256_final(&state_, digest.data());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
    return hex.data();
}

std::string sha256_hex(std::string_view text) {
    Sha256 hash;
    hash.add(text);
    return std::move(hash).finish();
}

}  // namespace msst
