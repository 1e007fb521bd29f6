#pragma once

#include <optional>
#include <string>

#include "base/child_process.h"

namespace msst::supervisor {

// One child that looks at one file: worker/probe_main.h is its side.
class ProbeChild {
public:
    struct Command {
        std::filesystem::path program;
        std::vector<std::string> arguments;
    };

    // It starts up and waits for its file. Throws Error(unavailable).
    explicit ProbeChild(const Command& command);

    // False: it died while it waited.
    bool is_waiting() { return !child_.find_exit(); }

    // The line it answers with. Throws Error(unavailable) if it was not there to ask or could not send
    // (EX_IOERR), and Error(invalid_input, …, "invalid_audio") if it took the file and then crashed, talked
    // without end or said nothing until the timeout. Once.
    std::string ask(int file, Milliseconds timeout);

    // How it ended, for the log, if asking failed. None: it did not end by itself.
    std::optional<ExitStatus> find_exit(Milliseconds patience) { return child_.wait_for(patience); }

private:
    std::optional<std::string> read_line(Milliseconds deadline);

    SocketPair sockets_;
    ChildProcess child_;
    std::string received_;
};

}  // namespace msst::supervisor
