#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fork_server.h"
#include "supervisor/probe_answer.h"
#include "tasks/task_json.h"
#include "tasks/worker_messages.h"

// What a child process answers once a stranger's file has taken it over: lines of JSON from the prober, lines
// of words from a worker, and the JSON that a worker writes into the database.

namespace {

using namespace msst;

void read_probe_answer(const std::string& line) {
    supervisor::list_sandbox_gaps(line);
    if (const auto end = parse_end(line))
        check(!to_string(*end).empty(), "child_answer_fuzzer: an end without words");
    try {
        const tasks::AudioFacts facts = supervisor::parse_probe_answer(line);
        check(std::isfinite(facts.duration_seconds) && facts.duration_seconds > 0,
              "child_answer_fuzzer: no duration");
        check(facts.sample_rate > 0 && facts.channels > 0, "child_answer_fuzzer: no samples");
    } catch (const Error& error) {
        check(error.code() == ErrorCode::invalid_input || error.code() == ErrorCode::unavailable,
              "child_answer_fuzzer: an error of another kind");
        for (const char c : std::string_view(error.what()))
            check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f,
                  "child_answer_fuzzer: a control character");
    }
}

void read_messages(std::string_view line) {
    if (const auto message = tasks::parse_worker_message(line)) {
        check(message->fraction >= 0 && message->fraction <= 1,
              "child_answer_fuzzer: a fraction outside 0-1");
        check(tasks::parse_worker_message(
                  tasks::to_line(*message).substr(0, tasks::to_line(*message).size() - 1))
                  .has_value(),
              "child_answer_fuzzer: a message does not read back");
    }
    if (const auto message = tasks::parse_supervisor_message(line))
        check(message->limit.count() >= 0, "child_answer_fuzzer: a negative limit");
}

template <class Read>
void read_stored(Read read) {
    try {
        const std::string text = tasks::to_json_text(read());
        check(!text.empty(), "child_answer_fuzzer: nothing is written");
    } catch (const Error& error) {
        check(error.code() == ErrorCode::internal, "child_answer_fuzzer: damage is an error of ours");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    read_probe_answer(text);
    read_messages(text);
    read_stored([&] { return tasks::parse_separation_request(text); });
    read_stored([&] { return tasks::parse_input_facts(text); });
    read_stored([&] { return tasks::parse_task_result(text); });
    read_stored([&] { return tasks::parse_task_error(text); });
    return 0;
}
