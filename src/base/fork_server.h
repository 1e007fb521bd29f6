#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/child_process.h"

// A process that does nothing but fork children of itself. Starting a program of a hundred shared libraries
// takes fifty milliseconds of a processor, forking one that has them loaded takes one. (The same idea:
// Android's zygote, Python's "forkserver".) Its children share the layout of their memory, so it must never
// hold a secret.

namespace msst {

// The server's side. For each socket that comes over `socket` (send_descriptor), a child runs `work` with it
// and ends with what it returns. Once the child has ended, the server says on the same socket how: a line for
// parse_end(). A client that closes its own end kills the child. Returns when the other end of `socket` is
// closed; children that still run die with this process, which must have no other thread.
void run_fork_server(int socket, const std::function<int(int socket)>& work);

// None: the line is something that the child said.
std::optional<ExitStatus> parse_end(std::string_view line);

// The client's side: the server and the way to it. Dies with the thread that made it.
class ForkServer {
public:
    // `options` without descriptors: the server's 3 is its socket. Throws Error(unavailable).
    explicit ForkServer(ChildOptions options);

    // A child's socket. If the server is gone, or cannot fork, reading it says so: it is closed, or holds the
    // reason instead of what a child says first. Throws Error(unavailable). Thread-safe.
    UniqueFd start_child();

private:
    SocketPair sockets_;
    ChildProcess process_;
};

}  // namespace msst
