#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "http/message.h"

// Idempotency-Key: a submission that is sent again makes no second task. Finished ones are in the task store;
// here are those that are being received.

namespace msst::http::routes {

// The header's value; empty without one. Throws ApiError (400) unless it has 1 to 255 printable characters.
std::string idempotency_key(const Request& request);

class InFlightKeys {
public:
    // Holds a key of an owner while its request is being received.
    class Hold {
    public:
        Hold() = default;
        Hold(InFlightKeys& keys, std::pair<std::string, std::string> entry);
        Hold(Hold&& other) noexcept;
        Hold& operator=(Hold&&) = delete;
        ~Hold();

    private:
        InFlightKeys* keys_ = nullptr;
        std::pair<std::string, std::string> entry_;
    };

    // Holds nothing for an empty key. Throws ApiError (409) while another request holds it.
    Hold take(const std::string& owner, const std::string& key);

private:
    std::mutex mutex_;
    std::set<std::pair<std::string, std::string>> held_;
};

}  // namespace msst::http::routes
