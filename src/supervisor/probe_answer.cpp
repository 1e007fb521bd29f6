#include "supervisor/probe_answer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace msst::supervisor {
namespace {

using nlohmann::json;

constexpr std::array kFormats = {"wav", "flac", "mp3", "ogg", "m4a"};
constexpr size_t kMaxMessageBytes = 300;
constexpr double kMaxSeconds = 1e7;
constexpr int64_t kMaxSampleRate = 10'000'000;
constexpr int64_t kMaxChannels = 65'535;

[[noreturn]] void throw_garbage() {
    throw Error(ErrorCode::invalid_input, "the file could not be examined", "invalid_audio");
}

std::string read_text(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) throw_garbage();
    return found->get<std::string>();
}

double read_number(const json& object, const char* name, double highest) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number()) throw_garbage();
    const auto value = found->get<double>();
    if (!(value > 0 && value <= highest)) throw_garbage();
    return value;
}

[[noreturn]] void throw_error(const json& error) {
    if (!error.is_object()) throw_garbage();
    const std::string code = read_text(error, "code");
    const std::string message = clean_text(read_text(error, "message"), kMaxMessageBytes);
    if (code == "unavailable") throw Error(ErrorCode::unavailable, "the prober: " + message);
    if (code != "invalid_audio" && code != "unsupported_format") throw_garbage();
    throw Error(ErrorCode::invalid_input, message, code);
}

}  // namespace

tasks::AudioFacts parse_probe_answer(const std::string& line) {
    const json answer = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) throw_garbage();
    if (const auto error = answer.find("error"); error != answer.end()) throw_error(*error);
    tasks::AudioFacts facts{.format = read_text(answer, "format")};
    if (std::ranges::find(kFormats, facts.format) == kFormats.end()) throw_garbage();
    facts.duration_seconds = read_number(answer, "duration_seconds", kMaxSeconds);
    facts.sample_rate = static_cast<int>(read_number(answer, "sample_rate", kMaxSampleRate));
    facts.channels = static_cast<int>(read_number(answer, "channels", kMaxChannels));
    if (facts.sample_rate < 1 || facts.channels < 1) throw_garbage();
    return facts;
}

std::string list_sandbox_gaps(const std::string& line) {
    const json answer = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) return {};
    const auto gaps = answer.find("not_applied");
    return gaps == answer.end() ? std::string() : clean_text(gaps->dump(), kMaxMessageBytes);
}

}  // namespace msst::supervisor
