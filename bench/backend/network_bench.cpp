// Speed of a published network on this processor, with random weights, beside the processor's own peak (one
// large matrix product by the same library) measured in the same run.
//
//   network_bench <config.yaml> <model type> [float32|bfloat16] [threads]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/error.h"
#include "model/network.h"

namespace {

using namespace msst;
using Clock = std::chrono::steady_clock;

constexpr int kPeakRuns = 8;
constexpr int kNetworkRuns = 1;

struct Times {
    double wall = 1e9;       // seconds
    double processor = 1e9;  // seconds of one thread, were all of them busy alike
};

// The fastest of some runs of a graph with one input.
Times fastest_run(const backend::CpuBackend& backend, const graph::Graph& graph, int runs) {
    const auto executable = backend.compile(graph, backend.plan(graph));
    std::vector<float> input(graph::elements(graph.shape(graph.inputs()[0])));
    std::vector<std::vector<float>> output;
    for (const graph::TensorId id : graph.outputs()) output.emplace_back(graph::elements(graph.shape(id)));
    for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i * 7919 % 1000) / 1000.0f - 0.5f;
    const std::vector<std::span<const float>> inputs = {input};
    const std::vector<std::span<float>> outputs(output.begin(), output.end());
    Times fastest;
    for (int run = 0; run <= runs; ++run) {
        const auto start = Clock::now();
        const std::clock_t start_processor = std::clock();
        executable->run(inputs, outputs, {});
        if (run == 0) continue;  // warms up
        const double ticks = static_cast<double>(std::clock() - start_processor);
        fastest.wall = std::min(fastest.wall, std::chrono::duration<double>(Clock::now() - start).count());
        fastest.processor = std::min(fastest.processor, ticks / CLOCKS_PER_SEC / backend.threads());
    }
    return fastest;
}

// Products only, in the precision that is measured: a norm makes the first input what the products take.
graph::Graph peak_graph() {
    constexpr int64_t kRows = 8192;
    constexpr int64_t kWidth = 2048;
    constexpr int kProducts = 4;
    const auto constant = [](graph::Shape shape, float value) {
        return graph::Constant{"peak", std::move(shape),
                               [value](std::span<float> out) { std::ranges::fill(out, value); }};
    };
    graph::Graph graph;
    graph::TensorId x = graph.add_input({kRows, kWidth});
    x = graph.add(graph::RmsNorm{}, {x, graph.add_constant(constant({kWidth}, 1.0f))});
    for (int i = 0; i < kProducts; ++i) {
        const graph::TensorId weight = graph.add_constant(constant({kWidth, kWidth}, 1.0f / kWidth));
        x = graph.add(graph::Linear{}, {x, weight, {}, {}});
    }
    graph.add_output(x);
    return graph;
}

int run(int count, char** arguments) {
    if (count < 3) {
        std::fprintf(stderr,
                     "usage: network_bench <config.yaml> <model type> [float32|bfloat16] [threads]\n");
        return 2;
    }
    const std::string precision = count > 3 ? arguments[3] : "bfloat16";
    const bool is_bfloat16 = precision == "bfloat16";
    const backend::CpuBackend cpu(
        {.threads = count > 4 ? std::atoi(arguments[4]) : 0,
         .precision = is_bfloat16 ? backend::Precision::bfloat16 : backend::Precision::float32});
    const auto config = model::read_model_config(arguments[1]);
    const auto network = model::build_network(arguments[2], config, model::make_random_weights());
    const graph::Graph peak = peak_graph();
    const Times before = fastest_run(cpu, peak, kPeakRuns);
    const Times times = fastest_run(cpu, network.graph, kNetworkRuns);
    const Times after = fastest_run(cpu, peak, kPeakRuns);
    const double work = network.graph.flops() / 1e9;
    const double peak_work = peak.flops() / 1e9;
    const double peak_wall = peak_work / std::min(before.wall, after.wall);
    const double peak_processor = peak_work / std::min(before.processor, after.processor);
    std::printf("%s %s, %d threads, %.1f GFLOP for %.2f s of audio\n", arguments[2], precision.c_str(),
                cpu.threads(), work, static_cast<double>(network.chunk_frames) / config.sample_rate);
    std::printf("                      wall   processor\n");
    std::printf("  seconds          %7.3f     %7.3f\n", times.wall, times.processor);
    std::printf("  peak GFLOP/s     %7.1f     %7.1f\n", peak_wall, peak_processor);
    std::printf("  network GFLOP/s  %7.1f     %7.1f\n", work / times.wall, work / times.processor);
    std::printf("  share of peak    %7.3f     %7.3f\n", work / times.wall / peak_wall,
                work / times.processor / peak_processor);
    std::printf("  memory   %.0f MB while running, %.1f M weights\n",
                static_cast<double>(cpu.plan(network.graph).arena_bytes) / 1e6,
                static_cast<double>(network.graph.constant_elements()) / 1e6);
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const msst::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
