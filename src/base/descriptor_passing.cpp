#include "base/descriptor_passing.h"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/error.h"

namespace msst {
namespace {

// A message with room for one descriptor beside its one byte.
struct Message {
    char byte = 'f';
    iovec content{.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{.msg_name = nullptr,
                  .msg_namelen = 0,
                  .msg_iov = &content,
                  .msg_iovlen = 1,
                  .msg_control = control,
                  .msg_controllen = sizeof control,
                  .msg_flags = 0};
};

}  // namespace

void send_descriptor(int socket, int descriptor) {
    Message message;
    cmsghdr* part = CMSG_FIRSTHDR(&message.header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
    while (::sendmsg(socket, &message.header, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            throw Error(ErrorCode::unavailable,
                        std::string("cannot hand over an open file: ") + std::strerror(errno));
}

UniqueFd receive_descriptor(int socket) {
    Message message;
    ssize_t count = 0;
    do count = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    const cmsghdr* part = count == 1 ? CMSG_FIRSTHDR(&message.header) : nullptr;
    if (part == nullptr || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) return {};
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(part), sizeof descriptor);
    return UniqueFd(descriptor);
}

}  // namespace msst
