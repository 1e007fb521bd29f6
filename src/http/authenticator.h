#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/hooks.h"

// Who is asking: API keys in the Authorization header.

namespace msst::http {

struct ApiKeyHash {
    std::string name;    // for log and ownership
    std::string sha256;  // of the key, 64 hex digits in any case
};

class Authenticator {
public:
    // Throws Error(invalid_input) for a hash that is not 64 hex digits. Without keys nobody gets in.
    explicit Authenticator(const std::vector<ApiKeyHash>& keys);

    // The name of the key in an Authorization header's value: `Bearer <key>`, or `Basic` with the key for the
    // password. None when it is absent, unreadable or unknown. Takes the same time for every key of one
    // length: what is compared is a hash, and with all of them.
    std::optional<std::string> identify(std::optional<std::string_view> authorization) const;

private:
    using Hash = std::array<unsigned char, 32>;
    struct Key {
        std::string name;
        Hash hash;
    };
    std::vector<Key> keys_;
};

// A gate that sets request.owner, or refuses with 401 and WWW-Authenticate. `on_failure`, where given, comes
// before the refusal and may refuse in its own way (RateLimiter::count_failed_authentication).
Gate authentication_gate(Authenticator authenticator, Gate on_failure = {});

}  // namespace msst::http
