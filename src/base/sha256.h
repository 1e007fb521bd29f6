#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <sodium.h>

namespace msst {

// SHA-256 of bytes that come piece by piece.
class Sha256 {
public:
    Sha256() { crypto_hash_sha256_init(&state_); }

    void add(std::span<const std::byte> bytes) {
        crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }
    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }

    // The digest in lower-case hex. Call once, at the end.
    std::string finish() &&;

private:
    crypto_hash_sha256_state state_;
};

std::string sha256_hex(std::string_view text);

}  // namespace msst
