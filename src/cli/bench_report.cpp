#include "cli/bench_report.h"

#include <cstdarg>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace msst::cli {
namespace {

using Json = nlohmann::ordered_json;

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

std::string peak_line(const BenchResult& result, const char* precision,
                      const backend::MatrixPeak::Speed& peak) {
    return format("machine, %-9s %9.1f GFLOP/s   this is %.0f %% of it, by processor time %.0f %%\n",
                  precision, peak.wall / kGiga, 100 * result.flops_per_second() / peak.wall,
                  100 * result.flops_per_processor_second() / peak.processor);
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
                 {"peak_float32_gflops", result.peak.float32.wall / kGiga},
                 {"peak_bfloat16_gflops", nullptr},
                 {"fraction_of_float32_peak", result.flops_per_second() / result.peak.float32.wall},
                 {"fraction_of_bfloat16_peak", nullptr},
                 {"fraction_of_float32_peak_by_processor_time",
                  result.flops_per_processor_second() / result.peak.float32.processor},
                 {"fraction_of_bfloat16_peak_by_processor_time", nullptr},
                 {"audio_seconds_per_second", result.audio_seconds_per_second()},
                 {"device_bytes", result.device_bytes},
                 {"peak_rss_bytes", result.peak_rss_bytes},
                 {"warnings", result.warnings}};
    if (result.peak.bfloat16) {
        json["peak_bfloat16_gflops"] = result.peak.bfloat16->wall / kGiga;
        json["fraction_of_bfloat16_peak"] = result.flops_per_second() / result.peak.bfloat16->wall;
        json["fraction_of_bfloat16_peak_by_processor_time"] =
            result.flops_per_processor_second() / result.peak.bfloat16->processor;
    }
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
    text += peak_line(result, "float32", result.peak.float32);
    if (result.peak.bfloat16) text += peak_line(result, "bfloat16", *result.peak.bfloat16);
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
