// simulated-worker work <data folder> <worker id> <lease ms> <most tasks> <device> <its memory>
// simulated-worker probe <how>      how: honest, absent, crash, deaf, flood, garbage, hang, murder, mute

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <sysexits.h>
#include <unistd.h>

#include "base/descriptor_passing.h"
#include "base/fork_server.h"
#include "base/sandbox.h"
#include "store/open.h"
#include "support/simulated_separator.h"
#include "worker/probe_main.h"
#include "worker/worker.h"

namespace {

using namespace msst;

constexpr Milliseconds kDrain{5'000};

int work(const std::vector<std::string>& arguments) {
    const std::filesystem::path data = arguments.at(1);
    const SystemClock clock;
    worker::ControlLink link(UniqueFd(tasks::kControlDescriptor), kDrain, clock);
    Log log("-", LogLevel::info);
    // Before the stores start their threads.
    const SandboxRules rules{
        .calls = SystemCalls::compute,
        .files = FileRules{.readable = {"/usr", "/lib", "/etc", "/proc", "/dev"}, .writable = {data}}};
    for (const std::string& missing : enter_sandbox(rules)) log.info("sandbox", {{"missing", missing}});
    const auto store = store::open_task_store(data, clock);
    const auto blobs = store::open_blob_store(data);
    worker::Worker worker(
        {.store = *store,
         .blobs = *blobs,
         .separators =
             [&](const std::string& model_type, const auto&) {
                 return std::make_shared<testing::SimulatedSeparator>(model_type, data / "gate");
             },
         .clock = clock,
         .log = log,
         .link = link},
        {.worker_id = arguments.at(2),
         .lease = Milliseconds(std::stoi(arguments.at(3))),
         .poll_interval = Milliseconds(100),
         .max_tasks = std::stoi(arguments.at(4)),
         .room = [&] {
             const int64_t bytes = std::stoll(arguments.at(6));
             return tasks::Room{.device = arguments.at(5), .total_bytes = bytes, .free_bytes = bytes};
         }});
    return static_cast<int>(worker.run());
}

int misbehave(const std::string& how, int socket) {
    const auto say = [&](const std::string& text) { write_all(socket, text, "the prober's socket"); };
    if (how == "deaf") return 1;
    say("ready\n");
    const UniqueFd file = receive_descriptor(socket);
    if (!file) return 0;
    if (how == "crash") std::abort();
    if (how == "murder") ::kill(::getppid(), SIGKILL);
    if (how == "mute") return EX_IOERR;
    if (how == "garbage") say("{\"format\":\"exe\"}\n");
    if (how == "flood") say(std::string(100'000, 'x'));
    while (how == "hang" || how == "murder") ::pause();
    return 0;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string> arguments(values + 1, values + count);
    if (arguments.at(0) == "work") return work(arguments);
    if (arguments.at(1) == "absent") return 1;
    run_fork_server(tasks::kControlDescriptor, [&](int socket) {
        const std::string& how = arguments.at(1);
        return how == "honest" ? worker::run_probe_child(socket) : misbehave(how, socket);
    });
    return 0;
}
