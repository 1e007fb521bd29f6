#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "http/message.h"

// What happens around every request besides its route.

namespace msst::http {

// One answered request, for log and metrics.
struct AccessRecord {
    std::string request_id;
    std::string method;  // as sent; empty when the head could not be read
    std::string route;   // the pattern ("/api/v1/tasks/{task_id}"); empty: none matched
    std::string path;    // as sent, without the query
    int status = 0;
    std::chrono::microseconds duration{0};  // from the head's last byte to the answer's
    int64_t bytes_in = 0;                   // of the request's body that were read
    int64_t bytes_out = 0;                  // head and body as sent
    std::string owner;                      // name of the API key; empty: none
    std::string client_address;
    bool is_complete = true;  // false: the client left, or was cut off, before the answer's end
};

// Lets a request pass, or refuses it by throwing (ApiError). What it adds to `response_headers` goes into the
// answer, whichever that is. The body has not been read yet.
using Gate = std::function<asio::awaitable<void>(Request& request, HeaderList& response_headers)>;

struct Hooks {
    std::vector<Gate> gates;  // asked in this order, before the route: authentication, then rate limit
    std::vector<std::function<void(const AccessRecord&)>> observers;  // told after the answer; must not throw
};

}  // namespace msst::http
