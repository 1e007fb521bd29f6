#include "cli/song_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/progress_bar.h"

namespace msst::cli {
namespace {

using Json = nlohmann::ordered_json;

// Names of files are bytes; on a terminal and in JSON they must be text.
std::string shown(const std::filesystem::path& path) {
    constexpr size_t kLongest = 4096;
    return clean_text(path.string(), kLongest);
}

double rounded(double value, double steps) {
    return std::round(value * steps) / steps;
}

Json to_dbfs(double level) {
    return level > 0 ? Json(rounded(20 * std::log10(level), 100)) : Json(nullptr);
}

Json to_json(const separation::WrittenStem& stem) {
    return {{"name", stem.name},
            {"path", stem.path.string()},
            {"frames", stem.frames},
            {"duration", stem.sample_rate > 0 ? static_cast<double>(stem.frames) / stem.sample_rate : 0.0},
            {"sample_rate", stem.sample_rate},
            {"channels", stem.channels},
            {"size_bytes", stem.size_bytes},
            {"peak_dbfs", to_dbfs(stem.peak)},
            {"rms_dbfs", to_dbfs(stem.rms)},
            {"sha256", stem.sha256},
            {"clipped", stem.clipped_samples}};
}

double realtime_factor(const SongOutcome& outcome) {
    return outcome.result.input_seconds / std::max(outcome.seconds, 0.001);
}

}  // namespace

std::string to_json_line(const SongOutcome& outcome) {
    Json line = {{"input", outcome.input.string()}};
    if (!outcome.error.empty()) {
        line["error"] = outcome.error;
    } else if (outcome.is_skipped) {
        line["skipped"] = true;
    } else {
        line["stems"] = Json::array();
        for (const separation::WrittenStem& stem : outcome.result.stems)
            line["stems"].push_back(to_json(stem));
        line["warnings"] = outcome.result.warnings;
        line["seconds"] = rounded(outcome.seconds, 1000);
        line["realtime_factor"] = rounded(realtime_factor(outcome), 100);
    }
    return line.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string to_text(const SongOutcome& outcome) {
    const std::string name = shown(outcome.input);
    if (!outcome.error.empty()) return name + ": error: " + outcome.error;
    if (outcome.is_skipped) return name + ": skipped, its stems are there";
    const auto& stems = outcome.result.stems;
    char numbers[64];
    std::snprintf(numbers, sizeof(numbers), " in %.1f s (%.1fx)", outcome.seconds, realtime_factor(outcome));
    std::string text = name + ": " + std::to_string(stems.size()) + (stems.size() == 1 ? " stem" : " stems") +
                       " of " + clock_text(outcome.result.input_seconds) + numbers;
    if (!stems.empty()) text += " -> " + shown(stems.front().path.parent_path());
    for (const std::string& warning : outcome.result.warnings) text += "\n  warning: " + warning;
    return text;
}

}  // namespace msst::cli
