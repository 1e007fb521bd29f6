#pragma once

#include <optional>
#include <string>

#include "base/fork_server.h"

namespace msst::supervisor {

// One child that looks at one file: worker/probe_main.h is its side. It is killed with this object.
class ProbeChild {
public:
    // `socket`: of ForkServer::start_child().
    explicit ProbeChild(UniqueFd socket) : socket_(std::move(socket)) {}

    // Waits until the child asks for its file. Throws Error(unavailable) if it does not.
    void await_ready(Milliseconds timeout);

    // The line it answers with. Throws Error(unavailable) if that cannot be had for a reason of ours
    // (EX_IOERR, or the fork server is gone), and Error(invalid_input, …, "invalid_audio") if the child
    // crashed, talked without end or said nothing until the timeout. Once, after await_ready().
    std::string ask(int file, Milliseconds timeout);

    // How it ended, if it did so without an answer.
    const std::optional<ExitStatus>& exit() const { return exit_; }

    // False: not a line came, of the child or of the fork server about it. That one hangs, or has ended and
    // its children with it.
    bool has_spoken() const { return has_spoken_; }

private:
    std::optional<std::string> read_line(Milliseconds deadline);

    UniqueFd socket_;
    std::string received_;
    std::optional<ExitStatus> exit_;
    bool has_spoken_ = false;
    bool is_abandoned_ = false;  // nobody holds the other end
};

}  // namespace msst::supervisor
