#include "base/log.h"

#include <array>

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

namespace msst {
namespace {

constexpr size_t kMaxStringBytes = 2000;
constexpr size_t kMaxFileBytes = 64 << 20;
constexpr size_t kKeptFiles = 5;
constexpr std::array kLevelNames = {"debug", "info", "warning", "error"};

spdlog::sink_ptr open_sink(const std::filesystem::path& target) {
    if (target.empty()) return std::make_shared<spdlog::sinks::null_sink_mt>();
    if (target == "-") return std::make_shared<spdlog::sinks::stdout_sink_mt>();
    try {
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(target.string(), kMaxFileBytes,
                                                                      kKeptFiles);
    } catch (const spdlog::spdlog_ex& error) {
        throw Error(ErrorCode::unavailable, "cannot open the log file: " + std::string(error.what()));
    }
}

void cap_strings(Log::Fields& value) {
    if (value.is_string())
        value = clean_text(value.get_ref<const std::string&>(), kMaxStringBytes);
    else if (value.is_structured())
        for (auto& element : value) cap_strings(element);
}

}  // namespace

LogLevel parse_log_level(std::string_view name) {
    for (size_t i = 0; i < kLevelNames.size(); ++i)
        if (name == kLevelNames[i]) return static_cast<LogLevel>(i);
    throw Error(ErrorCode::invalid_input,
                "log level \"" + std::string(name) + "\" is none of debug, info, warning, error");
}

Log::Log(const std::filesystem::path& target, LogLevel level)
    : logger_(std::make_unique<spdlog::logger>("msst", open_sink(target))), level_(level) {
    logger_->set_pattern("%v");
    logger_->set_level(spdlog::level::trace);
    logger_->flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view event, const Fields& fields) {
    if (level < level_) return;
    Fields line = {{"time", to_iso8601(SystemClock().now())},
                   {"level", kLevelNames[static_cast<size_t>(level)]},
                   {"event", event}};
    if (fields.is_object()) line.update(fields);
    cap_strings(line);
    logger_->info("{}", line.dump());
}

void Log::flush() {
    logger_->flush();
}

}  // namespace msst
