#include "http/authenticator.h"

#include <sodium.h>

#include "base/error.h"
#include "base/text.h"
#include "http/error_reply.h"

namespace msst::http {
namespace {

// The credentials behind an authorization scheme, in any case; none if the scheme is another.
std::optional<std::string_view> after_scheme(std::string_view value, std::string_view scheme) {
    value = trim(value);
    if (value.size() <= scheme.size() || to_lower_ascii(value.substr(0, scheme.size())) != scheme)
        return std::nullopt;
    if (value[scheme.size()] != ' ') return std::nullopt;
    return trim(value.substr(scheme.size()));
}

// The password of Basic credentials: base64 of user ":" password.
std::optional<std::string> basic_password(std::string_view credentials) {
    std::string text(credentials.size(), '\0');
    size_t size = 0;
    const int rc =
        sodium_base642bin(reinterpret_cast<unsigned char*>(text.data()), text.size(), credentials.data(),
                          credentials.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
    if (rc != 0) return std::nullopt;
    text.resize(size);
    const size_t colon = text.find(':');
    if (colon == std::string::npos) return std::nullopt;
    return text.substr(colon + 1);
}

std::optional<std::string> presented_key(std::string_view authorization) {
    if (const auto token = after_scheme(authorization, "bearer")) return std::string(*token);
    if (const auto credentials = after_scheme(authorization, "basic")) return basic_password(*credentials);
    return std::nullopt;
}

[[noreturn]] void refuse_key() {
    throw ApiError({.status = beast_http::status::unauthorized,
                    .code = "unauthorized",
                    .message = "a valid API key is needed, as Authorization: Bearer <key>",
                    .errors = {},
                    .headers = {{"WWW-Authenticate", "Bearer realm=\"msst\", Basic realm=\"msst\""}}});
}

}  // namespace

Authenticator::Authenticator(const std::vector<ApiKeyHash>& keys) {
    for (const ApiKeyHash& key : keys) {
        Key entry{.name = key.name, .hash = {}};
        size_t size = 0;
        const int rc = sodium_hex2bin(entry.hash.data(), entry.hash.size(), key.sha256.data(),
                                      key.sha256.size(), nullptr, &size, nullptr);
        if (rc != 0 || size != entry.hash.size())
            throw Error(ErrorCode::invalid_input, "the hash of API key '" + key.name + "' has " +
                                                      std::to_string(key.sha256.size()) +
                                                      " characters, not 64 hex digits");
        keys_.push_back(std::move(entry));
    }
}

std::optional<std::string> Authenticator::identify(std::optional<std::string_view> authorization) const {
    if (!authorization) return std::nullopt;
    const std::optional<std::string> presented = presented_key(*authorization);
    if (!presented || presented->empty()) return std::nullopt;
    Hash hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(presented->data()),
                       presented->size());
    // Every key is compared, and none earlier than the others decides.
    const Key* found = nullptr;
    for (const Key& key : keys_)
        if (sodium_memcmp(key.hash.data(), hash.data(), hash.size()) == 0) found = &key;
    if (!found) return std::nullopt;
    return found->name;
}

Gate authentication_gate(Authenticator authenticator, Gate on_failure) {
    return [authenticator = std::move(authenticator), on_failure = std::move(on_failure)](
               Request& request, HeaderList& response_headers) -> asio::awaitable<void> {
        std::optional<std::string> name = authenticator.identify(request.header("Authorization"));
        if (!name) {
            if (on_failure) co_await on_failure(request, response_headers);
            refuse_key();
        }
        request.owner = std::move(*name);
    };
}

}  // namespace msst::http
