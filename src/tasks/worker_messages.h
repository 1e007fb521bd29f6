#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

// What a worker and its supervisor say to each other over their socket: one
// line each, words separated by spaces. A line that is not understood is passed
// over, so that the two may be of different versions for the length of an upgrade.

namespace msst::tasks {

// The descriptor of a worker that is its end of the socket.
inline constexpr int kControlDescriptor = 3;
// And the one that it reads its configuration from: what the server itself started with, whatever has become
// of the file since (R10.7).
inline constexpr int kConfigDescriptor = 4;

struct WorkerMessage {
    enum class Kind {
        hello,     // it is up and looks for work
        alive,     // said every second, whatever it does
        busy,      // it runs task_id
        progress,  // the work on task_id really advanced
        idle,      // it is done with its task
        memory,    // of its device
        model,     // it holds `model` ready, or none
    };
    Kind kind = Kind::alive;
    std::string task_id = {};
    double fraction = 0;      // of the task, 0-1
    int64_t total_bytes = 0;  // of the device
    int64_t free_bytes = 0;
    std::string model = {};  // the name of one; empty: none
};

struct SupervisorMessage {
    enum class Kind {
        wake,   // a task was added
        drain,  // finish within `limit` or give the task back, then exit
    };
    Kind kind = Kind::wake;
    Milliseconds limit{0};
};

// With the line feed.
std::string to_line(const WorkerMessage& message);
std::string to_line(const SupervisorMessage& message);

// Without it.
std::optional<WorkerMessage> parse_worker_message(std::string_view line);
std::optional<SupervisorMessage> parse_supervisor_message(std::string_view line);

// How a worker process exits. Anything else is a crash.
enum class WorkerExit {
    done = 0,           // drained, or its share of tasks is done: start another at once
    start_afresh = 10,  // something in it went wrong that may have left it, or its device, unusable
};

}  // namespace msst::tasks
