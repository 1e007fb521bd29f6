// The coroutine side of http/multipart.h; multipart.cpp knows nothing of sockets.

#include "http/error_reply.h"
#include "http/message.h"
#include "http/multipart.h"

namespace msst::http {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

}  // namespace

MultipartReader::MultipartReader(BodyReader& body, std::string_view content_type, MultipartLimits limits)
    : body_(body),
      parser_(multipart_boundary(content_type), limits),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {}

MultipartReader::~MultipartReader() = default;

asio::awaitable<bool> MultipartReader::fill() {
    const std::span<std::byte> room = std::as_writable_bytes(std::span(buffer_.get(), kBufferBytes));
    const size_t bytes = co_await body_.read_some(room);
    unread_ = {buffer_.get(), bytes};
    co_return bytes > 0;
}

asio::awaitable<MultipartEvent> MultipartReader::next() {
    for (;;) {
        MultipartEvent event = parser_.next(unread_);
        switch (event.kind) {
            case MultipartEvent::Kind::part_begin:
            case MultipartEvent::Kind::data:
            case MultipartEvent::Kind::part_end:
                co_return event;
            case MultipartEvent::Kind::end:
                do parser_.next(unread_);
                while (co_await fill());
                co_return event;
            case MultipartEvent::Kind::need_more:
                if (!co_await fill()) {
                    parser_.finish();
                    co_return MultipartEvent{MultipartEvent::Kind::end, {}};
                }
        }
    }
}

asio::awaitable<std::string> MultipartReader::read_value(size_t max_bytes) {
    std::string value;
    for (;;) {
        const MultipartEvent event = co_await next();
        if (event.kind != MultipartEvent::Kind::data) co_return value;
        if (value.size() + event.data.size() > max_bytes) {
            const std::string message = "is longer than " + std::to_string(max_bytes) + " bytes";
            throw ApiError({.status = beast_http::status::bad_request,
                            .code = "invalid_parameters",
                            .message = "a field is longer than " + std::to_string(max_bytes) + " bytes",
                            .errors = {{.field = part().name, .message = message, .allowed = {}}},
                            .headers = {}});
        }
        value += event.data;
    }
}

}  // namespace msst::http
