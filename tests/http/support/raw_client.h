#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"

// A client that sends exactly the bytes it is told, on loopback.

namespace msst::http::testing {

struct RawResponse {
    int status = 0;
    std::multimap<std::string, std::string> headers;  // names in lower case
    std::string head;
    std::string body;

    // The first of that (lower-case) name; empty: none.
    std::string header(const std::string& name) const;
};

class RawClient {
public:
    explicit RawClient(int port);

    // What could not be sent because the server is gone is dropped.
    void send(std::string_view bytes);
    // No more will be sent.
    void end_sending();
    // Closing will send a reset instead of a FIN.
    void reset();

    // The next response, its body by Content-Length or chunked. None: the server closed. `to_head`: it has no
    // body whatever it says.
    std::optional<RawResponse> read(bool to_head = false);
    // Everything up to the server's close.
    std::string read_to_end();
    // Whether the server closes without sending anything more.
    bool is_closed() { return read_to_end().empty(); }
    // Waits for some bytes, and drops them.
    void skip(size_t bytes);
    int fd() const { return fd_.get(); }

private:
    bool fill();
    std::string take(size_t bytes);
    std::string take_line();

    UniqueFd fd_;
    std::string received_;
};

}  // namespace msst::http::testing
