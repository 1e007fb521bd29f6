#include "cli/bench.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <span>

#include "backend/open.h"
#include "backend/peak/process_time.h"
#include "base/error.h"
#include "catalog/model_file.h"
#include "separation/planned_network.h"

namespace msst::cli {
namespace {

using backend::ProcessTime;

constexpr double kSampleSeconds = 1;  // between two looks at the machine's speed

// Stands still while the machine's own speed is looked at.
class Stopwatch {
public:
    ProcessTime seconds() const { return ProcessTime::now() - start_; }

    void take_sample(backend::MatrixGauge& gauge) {
        const ProcessTime before = ProcessTime::now();
        gauge.take_sample();
        start_ += ProcessTime::now() - before;
    }

private:
    ProcessTime start_ = ProcessTime::now();
};

std::string find_architecture(const BenchOptions& options) {
    catalog::Model model;
    model.architecture = options.architecture;
    model.config_path = options.config_path;
    catalog::read_model_file(model);
    return model.architecture;
}

// The most memory this process ever had, in bytes; 0 where the system does not say.
int64_t peak_resident_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
    return 0;
}

std::vector<float> make_noise(int64_t count) {
    std::mt19937 random(1);  // the same in every run of the program
    std::uniform_real_distribution<float> level(-0.25f, 0.25f);
    std::vector<float> noise(count);
    for (float& sample : noise) sample = level(random);
    return noise;
}

double median_of(std::vector<double> values) {
    std::ranges::sort(values);
    const size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// One run of a chunk; how long it took.
ProcessTime run_chunk(const separation::ChunkModel& model, std::span<const float> mixture,
                      std::span<float> stems, const std::stop_token& stop, backend::MatrixGauge& gauge,
                      RunProfile* profile) {
    if (profile) profile->start();
    Stopwatch watch;
    double sampled = 0;
    const auto on_progress = [&](double fraction) {
        const double seconds = watch.seconds().wall;
        if (profile) profile->add(fraction, seconds);
        if (seconds - sampled < kSampleSeconds) return;
        sampled = seconds;
        watch.take_sample(gauge);
    };
    model.separate(mixture, /*batch=*/1, stems, {.stop = stop, .on_progress = on_progress, .wanted = {}});
    return watch.seconds();
}

void run_chunks(const separation::ChunkModel& model, const BenchOptions& options, const std::stop_token& stop,
                backend::MatrixGauge& gauge, RunProfile& profile, BenchResult& result) {
    const int64_t chunk = model.info().channels * model.chunk_frames();
    const std::vector<float> mixture = make_noise(chunk);
    std::vector<float> stems(chunk * std::ssize(model.info().instruments));
    for (int run = 0; run <= options.runs; ++run) {
        const bool is_counted = run > 0;
        const ProcessTime took = run_chunk(model, mixture, stems, stop, gauge,
                                           is_counted && options.has_profile ? &profile : nullptr);
        gauge.take_sample();
        if (!is_counted) continue;
        result.run_seconds.push_back(took.wall);
        result.processor_seconds.push_back(took.processor / gauge.threads());
    }
}

}  // namespace

double BenchResult::median_seconds() const {
    return median_of(run_seconds);
}

double BenchResult::flops_per_second() const {
    return flops_per_chunk / median_seconds();
}

double BenchResult::flops_per_processor_second() const {
    return flops_per_chunk / median_of(processor_seconds);
}

double BenchResult::audio_seconds_per_second() const {
    return chunk_seconds / num_overlap / median_seconds();
}

BenchResult run_bench(const BenchOptions& options, const std::stop_token& stop) {
    if (options.runs < 1) throw Error(ErrorCode::invalid_input, "there must be at least one run");
    const backend::OpenBackend opened = backend::open_backend(
        options.device, {.precision = options.precision, .cpu_threads = options.threads});
    BenchResult result;
    result.architecture = find_architecture(options);
    result.backend = opened.backend->name();
    const ProcessTime loading = ProcessTime::now();
    const separation::PlannedNetwork planned = separation::plan_network(
        {result.architecture, options.config_path, options.checkpoint_path}, opened.backend);
    const auto model = separation::compile_network(planned);
    result.load_seconds = (ProcessTime::now() - loading).wall;
    result.parameters = planned.parameters;
    result.chunk_seconds = planned.chunk_seconds();
    result.num_overlap = planned.rules.num_overlap;
    result.flops_per_chunk = planned.plan.flops;
    result.device_bytes = planned.device_bytes();
    result.warnings = opened.warnings;
    result.warnings.insert(result.warnings.end(), planned.warnings.begin(), planned.warnings.end());
    backend::MatrixGauge gauge(options.threads);
    gauge.measure_peak();
    RunProfile profile(planned.network.graph);
    run_chunks(*model, options, stop, gauge, profile, result);
    result.peak_rss_bytes = peak_resident_bytes();
    gauge.measure_peak();
    result.peak = gauge.peak();
    result.usual = gauge.usual();
    if (options.has_profile) result.profile = profile.entries();
    return result;
}

}  // namespace msst::cli
