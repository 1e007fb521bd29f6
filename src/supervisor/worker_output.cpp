#include "supervisor/worker_output.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace msst::supervisor {
namespace {

constexpr size_t kMaxLogLineBytes = 16'384;

struct Event {
    LogLevel level = LogLevel::info;
    std::string name;
    Log::Fields fields;
};

std::optional<Event> parse_event(const std::string& line) {
    Log::Fields fields = Log::Fields::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!fields.is_object() || !fields.contains("event") || !fields["event"].is_string()) return std::nullopt;
    Event event{.name = fields["event"].get<std::string>(), .fields = {}};
    try {
        if (fields.contains("level")) event.level = parse_log_level(fields["level"].get<std::string>());
    } catch (const std::exception&) {
        return std::nullopt;
    }
    fields.erase("level");
    fields.erase("event");
    event.fields = std::move(fields);
    return event;
}

}  // namespace

WorkerOutput::WorkerOutput(std::string slot, Log& log)
    : slot_(std::move(slot)), log_(log), lines_(kMaxLogLineBytes) {}

void WorkerOutput::push(std::string_view bytes) {
    for (const std::string& line : lines_.push(bytes)) write(line);
}

void WorkerOutput::finish() {
    write(lines_.take_rest());
}

void WorkerOutput::write(const std::string& line) {
    if (trim(line).empty()) return;
    if (auto event = parse_event(line)) {
        event->fields["slot"] = slot_;
        log_.write(event->level, event->name, event->fields);
    } else {
        log_.warning("worker_output", {{"slot", slot_}, {"text", line}});
    }
}

}  // namespace msst::supervisor
