#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/chunk_decoder.h"
#include "http/connection.h"
#include "http/message.h"
#include "http/request_head.h"
#include "http/server.h"

namespace msst::http {

// The body of the request whose head has just been consumed from the connection.
class RequestBody final : public BodyReader {
public:
    // All of them must outlive the body.
    RequestBody(Connection& connection, const RequestHead& head, const ServerOptions& options,
                const Clock& clock);

    // The first call answers `Expect: 100-continue`, unless the declared length is over the limit: that is
    // Error(invalid_input, "file_too_large") before a byte is read. A client that is too slow gets ApiError
    // 408.
    asio::awaitable<size_t> read_some(std::span<std::byte> buffer) override;
    std::optional<uint64_t> content_length() const override;

    // Whether the connection can serve another request, if need be after skip_rest().
    bool is_skippable() const;
    // Reads the small rest of a skippable body. False: the connection is of no more use.
    asio::awaitable<bool> skip_rest(Milliseconds timeout);

    int64_t bytes_read() const { return bytes_read_; }

    bool is_done() const;

private:
    asio::awaitable<void> begin();
    asio::awaitable<size_t> read_plain(std::span<std::byte> buffer);
    asio::awaitable<size_t> read_chunked(std::span<std::byte> buffer);
    size_t take_unread(std::span<std::byte> buffer);
    void settle(Io io, Milliseconds begun, size_t received);
    void check_size(int64_t bytes) const;

    Connection& connection_;
    const RequestHead& head_;
    const ServerOptions& options_;
    const Clock& clock_;
    ChunkDecoder chunks_;
    int64_t left_ = 0;  // of a body with Content-Length
    int64_t bytes_read_ = 0;
    int64_t bytes_received_ = 0;  // while waiting, for the average rate
    Milliseconds waited_{0};
    bool is_begun_ = false;
    bool is_continue_due_ = false;
    bool is_broken_ = false;
};

}  // namespace msst::http
