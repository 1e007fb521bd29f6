#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

// The structured log: one JSON object a line.
//
//   log.info("task_completed", {{"task_id", id}, {"seconds", 3.2}});
//   {"time":"2026-01-15T10:30:00.000Z","level":"info","event":"task_completed","task_id":"…","seconds":3.2}
//
// Strangers' text is escaped by JSON itself (line breaks, ESC, bad UTF-8) and
// every string is capped, so that one event is one line of bounded length.

namespace spdlog {
class logger;
}

namespace msst {

enum class LogLevel { debug, info, warning, error };

// Throws Error(invalid_input) for anything but debug, info, warning, error.
LogLevel parse_log_level(std::string_view name);

// Thread-safe. Handed down from main; nothing logs through a global.
class Log {
public:
    using Fields = nlohmann::ordered_json;

    // target: a file, appended to and rotated at 64 MiB (5 old ones are kept); "-" is standard output; empty
    // discards everything.
    Log(const std::filesystem::path& target, LogLevel level);
    ~Log();

    void debug(std::string_view event, const Fields& fields = {}) { write(LogLevel::debug, event, fields); }
    void info(std::string_view event, const Fields& fields = {}) { write(LogLevel::info, event, fields); }
    void warning(std::string_view event, const Fields& fields = {}) {
        write(LogLevel::warning, event, fields);
    }
    void error(std::string_view event, const Fields& fields = {}) { write(LogLevel::error, event, fields); }

    void write(LogLevel level, std::string_view event, const Fields& fields);
    void flush();

private:
    std::unique_ptr<spdlog::logger> logger_;
    LogLevel level_;
};

}  // namespace msst
