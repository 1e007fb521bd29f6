#include "http/support/raw_client.h"

#include <cerrno>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/text.h"

namespace msst::http::testing {
namespace {

constexpr int kPatienceSeconds = 60;

}  // namespace

std::string RawResponse::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

RawClient::RawClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A server that hangs fails the test instead of hanging it.
    const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to the server under test");
}

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
}

void RawClient::end_sending() {
    ::shutdown(fd_.get(), SHUT_WR);
}

void RawClient::reset() {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    fd_.reset();
}

bool RawClient::fill() {
    char buffer[65536];
    const ssize_t bytes = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        throw std::runtime_error("the server neither answered nor closed in a minute");
    if (bytes <= 0) return false;
    received_.append(buffer, static_cast<size_t>(bytes));
    return true;
}

std::string RawClient::take(size_t bytes) {
    while (received_.size() < bytes && fill()) {
    }
    std::string taken = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return taken;
}

void RawClient::skip(size_t bytes) {
    take(bytes);
}

std::string RawClient::take_line() {
    size_t end;
    while ((end = received_.find("\r\n")) == std::string::npos && fill()) {
    }
    if (end == std::string::npos) return take(received_.size());
    std::string line = take(end);
    take(2);
    return line;
}

std::string RawClient::read_to_end() {
    while (fill()) {
    }
    return take(received_.size());
}

std::optional<RawResponse> RawClient::read(bool to_head) {
    RawResponse response;
    const std::string status_line = take_line();
    if (status_line.empty()) return std::nullopt;
    response.head = status_line + "\r\n";
    response.status = std::stoi(status_line.substr(9, 3));
    for (std::string line = take_line(); !line.empty(); line = take_line()) {
        response.head += line + "\r\n";
        const size_t colon = line.find(':');
        response.headers.emplace(to_lower_ascii(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
    if (to_head || response.status == 204 || response.status == 304 || response.status < 200) return response;
    if (response.header("transfer-encoding") == "chunked") {
        for (size_t size; (size = std::stoul(take_line(), nullptr, 16)) > 0; take_line())
            response.body += take(size);
        take_line();
    } else if (const std::string length = response.header("content-length"); !length.empty()) {
        response.body = take(std::stoul(length));
    } else {
        response.body = read_to_end();
    }
    return response;
}

}  // namespace msst::http::testing
