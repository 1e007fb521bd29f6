#include "cli/bench_report.h"

#include <cstdarg>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace msst::cli {
namespace {

using Json = nlohmann::ordered_json;
using Speed = backend::MatrixSpeeds::Speed;

constexpr double kGiga = 1e9;
constexpr double kMebi = 1 << 20;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
    char text[256];
    va_list values;
    va_start(values, pattern);
    std::vsnprintf(text, sizeof text, pattern, values);
    va_end(values);
    return text;
}

std::string share_of(const BenchResult& result, const Speed& machine) {
    return format("%9.1f GFLOP/s   this is %.0f %% of it, by processor time %.0f %%\n", machine.wall / kGiga,
                  100 * result.flops_per_second() / machine.wall,
                  100 * result.flops_per_processor_second() / machine.processor);
}

std::string machine_lines(const BenchResult& result, const char* precision, const Speed& peak,
                          const Speed& usual) {
    return format("machine, %-9s ", precision) + share_of(result, peak) + "  meanwhile        " +
           share_of(result, usual);
}

// A machine's speed in one precision, and the share of it; null where it has none.
void add_machine(Json& json, const std::string& precision, const BenchResult& result,
                 const std::optional<Speed>& peak, const std::optional<Speed>& usual) {
    const auto add = [&](const std::string& key, double value) {
        json[key] = peak ? Json(value) : Json(nullptr);
    };
    const Speed best = peak.value_or(Speed{});
    const Speed mean = usual.value_or(Speed{});
    const double speed = result.flops_per_second();
    const double by_processor = result.flops_per_processor_second();
    add("peak_" + precision + "_gflops", best.wall / kGiga);
    add("usual_" + precision + "_gflops", mean.wall / kGiga);
    add("fraction_of_" + precision + "_peak", speed / best.wall);
    add("fraction_of_" + precision + "_peak_by_processor_time", by_processor / best.processor);
    add("fraction_of_usual_" + precision, speed / mean.wall);
    add("fraction_of_usual_" + precision + "_by_processor_time", by_processor / mean.processor);
}

Json profile_json(const BenchResult& result) {
    Json list = Json::array();
    for (const RunProfile::Entry& entry : result.profile)
        list.push_back(
            {{"operation", entry.operation},
             {"count", entry.count},
             {"gflop_per_chunk", entry.flops / kGiga},
             {"seconds_per_chunk", entry.seconds / static_cast<double>(result.run_seconds.size())}});
    return list;
}

}  // namespace

std::string to_json(const BenchResult& result) {
    Json json = {{"architecture", result.architecture},
                 {"backend", result.backend},
                 {"parameters", result.parameters},
                 {"chunk_seconds", result.chunk_seconds},
                 {"num_overlap", result.num_overlap},
                 {"load_seconds", result.load_seconds},
                 {"run_seconds", result.run_seconds},
                 {"median_seconds", result.median_seconds()},
                 {"gflop_per_chunk", result.flops_per_chunk / kGiga},
                 {"gflops", result.flops_per_second() / kGiga},
                 {"audio_seconds_per_second", result.audio_seconds_per_second()},
                 {"device_bytes", result.device_bytes},
                 {"peak_rss_bytes", result.peak_rss_bytes},
                 {"warnings", result.warnings}};
    add_machine(json, "float32", result, result.peak.float32, result.usual.float32);
    add_machine(json, "bfloat16", result, result.peak.bfloat16, result.usual.bfloat16);
    if (!result.profile.empty()) json["profile"] = profile_json(result);
    return json.dump(/*indent=*/2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const BenchResult& result) {
    std::string text;
    for (const std::string& warning : result.warnings) text += "warning: " + warning + "\n";
    text += format("%s on %s, %.1f million parameters, loaded in %.2f s\n", result.architecture.c_str(),
                   result.backend.c_str(), static_cast<double>(result.parameters) / 1e6, result.load_seconds);
    text += format("chunk              %9.3f s for %.2f s of audio (median of %zu runs)\n",
                   result.median_seconds(), result.chunk_seconds, result.run_seconds.size());
    text += format("work               %9.1f GFLOP per chunk\n", result.flops_per_chunk / kGiga);
    text += format("speed              %9.1f GFLOP/s\n", result.flops_per_second() / kGiga);
    text += machine_lines(result, "float32", result.peak.float32, result.usual.float32);
    if (result.peak.bfloat16 && result.usual.bfloat16)
        text += machine_lines(result, "bfloat16", *result.peak.bfloat16, *result.usual.bfloat16);
    text += format("real time          %9.3f x with num_overlap %d\n", result.audio_seconds_per_second(),
                   result.num_overlap);
    text += format("memory             %9.0f MiB at most, %.0f MiB planned\n",
                   static_cast<double>(result.peak_rss_bytes) / kMebi,
                   static_cast<double>(result.device_bytes) / kMebi);
    for (const RunProfile::Entry& entry : result.profile) {
        const double seconds = entry.seconds / static_cast<double>(result.run_seconds.size());
        text += format("  %-18s %5d x %9.3f s %5.1f %% %9.1f GFLOP/s\n", entry.operation.c_str(), entry.count,
                       seconds, 100 * seconds / result.median_seconds(),
                       seconds > 0 ? entry.flops / seconds / kGiga : 0.0);
    }
    return text;
}

}  // namespace msst::cli
