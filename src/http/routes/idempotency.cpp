#include "http/routes/idempotency.h"

#include <algorithm>

#include "http/error_reply.h"

namespace msst::http::routes {
namespace {

constexpr size_t kMaxKeyBytes = 255;

bool is_printable(char c) {
    return c >= 0x20 && c < 0x7f;
}

}  // namespace

std::string idempotency_key(const Request& request) {
    const auto header = request.header("Idempotency-Key");
    if (!header) return {};
    if (header->empty() || header->size() > kMaxKeyBytes || !std::ranges::all_of(*header, is_printable)) {
        const std::string message = "must have 1 to 255 printable characters";
        throw ApiError({.status = beast_http::status::bad_request,
                        .code = "invalid_parameters",
                        .message = "Idempotency-Key " + message,
                        .errors = {{.field = "Idempotency-Key", .message = message, .allowed = {}}},
                        .headers = {}});
    }
    return std::string(*header);
}

InFlightKeys::Hold::Hold(InFlightKeys& keys, std::pair<std::string, std::string> entry)
    : keys_(&keys), entry_(std::move(entry)) {}

InFlightKeys::Hold::Hold(Hold&& other) noexcept
    : keys_(std::exchange(other.keys_, nullptr)), entry_(std::move(other.entry_)) {}

InFlightKeys::Hold::~Hold() {
    if (!keys_) return;
    const std::lock_guard lock(keys_->mutex_);
    keys_->held_.erase(entry_);
}

InFlightKeys::Hold InFlightKeys::take(const std::string& owner, const std::string& key) {
    if (key.empty()) return {};
    std::pair<std::string, std::string> entry(owner, key);
    const std::lock_guard lock(mutex_);
    if (!held_.insert(entry).second)
        throw ApiError({.status = beast_http::status::conflict,
                        .code = "idempotency_key_reused",
                        .message = "a request with this Idempotency-Key is being received",
                        .errors = {},
                        .headers = {{"Retry-After", "1"}}});
    return Hold(*this, std::move(entry));
}

}  // namespace msst::http::routes
