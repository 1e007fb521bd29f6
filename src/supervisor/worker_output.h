#pragma once

#include <string>
#include <string_view>

#include "base/line_buffer.h"
#include "base/log.h"

namespace msst::supervisor {

// What a worker prints becomes lines of the server's own log, so that one process writes the file: log lines
// of ours as they are, with the worker's slot, and whatever else comes (a library's warning, the last words
// of a crash) as the text of an event "worker_output".
class WorkerOutput {
public:
    WorkerOutput(std::string slot, Log& log);

    void push(std::string_view bytes);
    // The worker is gone: what it printed last may lack its line feed.
    void finish();

private:
    void write(const std::string& line);

    std::string slot_;
    Log& log_;
    LineBuffer lines_;
};

}  // namespace msst::supervisor
