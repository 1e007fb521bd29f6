#include "tasks/worker_messages.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace msst::tasks {
namespace {

constexpr std::array kWorkerWords = {"hello", "alive", "busy", "progress", "idle", "memory", "model"};
constexpr std::array kSupervisorWords = {"wake", "drain"};

std::vector<std::string_view> split_words(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const size_t end = std::min(line.find(' '), line.size());
        if (end > 0) words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

template <typename Kind, size_t count>
std::optional<Kind> find_kind(const std::array<const char*, count>& names, std::string_view word) {
    const auto found = std::ranges::find(names, word);
    if (found == names.end()) return std::nullopt;
    return static_cast<Kind>(found - names.begin());
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<WorkerMessage> parse_memory(const std::vector<std::string_view>& words) {
    if (words.size() != 3) return std::nullopt;
    const auto total = parse_number<int64_t>(words[1]);
    const auto free = parse_number<int64_t>(words[2]);
    if (!total || !free || *total < 0 || *free < 0) return std::nullopt;
    return WorkerMessage{.kind = WorkerMessage::Kind::memory, .total_bytes = *total, .free_bytes = *free};
}

}  // namespace

std::string to_line(const WorkerMessage& message) {
    std::string line = kWorkerWords[static_cast<size_t>(message.kind)];
    if (!message.task_id.empty()) line += " " + message.task_id;
    if (message.kind == WorkerMessage::Kind::progress) line += " " + std::to_string(message.fraction);
    if (message.kind == WorkerMessage::Kind::memory)
        line += " " + std::to_string(message.total_bytes) + " " + std::to_string(message.free_bytes);
    if (!message.model.empty()) line += " " + message.model;
    return line + "\n";
}

std::string to_line(const SupervisorMessage& message) {
    std::string line = kSupervisorWords[static_cast<size_t>(message.kind)];
    if (message.kind == SupervisorMessage::Kind::drain) line += " " + std::to_string(message.limit.count());
    return line + "\n";
}

std::optional<WorkerMessage> parse_worker_message(std::string_view line) {
    const auto words = split_words(line);
    if (words.empty()) return std::nullopt;
    const auto kind = find_kind<WorkerMessage::Kind>(kWorkerWords, words[0]);
    if (!kind) return std::nullopt;
    WorkerMessage message{.kind = *kind};
    if (*kind == WorkerMessage::Kind::memory) return parse_memory(words);
    if (*kind == WorkerMessage::Kind::model) {
        if (words.size() > 1) message.model = words[1];
        return message;
    }
    if (words.size() > 1) message.task_id = words[1];
    if (*kind == WorkerMessage::Kind::busy && words.size() != 2) return std::nullopt;
    if (*kind == WorkerMessage::Kind::progress) {
        const auto fraction = words.size() == 3 ? parse_number<double>(words[2]) : std::nullopt;
        if (!fraction || !std::isfinite(*fraction)) return std::nullopt;
        message.fraction = std::clamp(*fraction, 0.0, 1.0);
    }
    return message;
}

std::optional<SupervisorMessage> parse_supervisor_message(std::string_view line) {
    const auto words = split_words(line);
    if (words.empty()) return std::nullopt;
    const auto kind = find_kind<SupervisorMessage::Kind>(kSupervisorWords, words[0]);
    if (!kind) return std::nullopt;
    if (*kind == SupervisorMessage::Kind::wake) return SupervisorMessage{};
    const auto limit = words.size() == 2 ? parse_number<int64_t>(words[1]) : std::nullopt;
    if (!limit || *limit < 0) return std::nullopt;
    return SupervisorMessage{.kind = *kind, .limit = Milliseconds(*limit)};
}

}  // namespace msst::tasks
