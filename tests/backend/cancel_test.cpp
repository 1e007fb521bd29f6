// A run that is cancelled in the middle of a long operation does not do the rest of it. Counted, not timed:
// with one thread, the pieces of an operation follow each other.

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "base/error.h"

namespace msst::backend {
namespace {

using graph::Graph;
using graph::Shape;
using graph::TensorId;

TensorId constant(Graph& graph, Shape shape) {
    return graph.add_constant(
        {"ones", std::move(shape), [](std::span<float> out) { std::ranges::fill(out, 1.0f); }});
}

// What a run of the graph tells of its progress until it ends, when a stop is requested as soon as it has
// told `until` times.
std::vector<double> reports_of(Graph& graph, size_t until) {
    const CpuBackend backend({.threads = 1, .precision = Precision::float32});
    const auto executable = backend.compile(graph, backend.plan(graph));
    const std::vector<float> input(graph::elements(graph.shape(graph.inputs()[0])), 0.5f);
    std::vector<float> output(graph::elements(graph.shape(graph.outputs()[0])));
    const std::vector<std::span<const float>> inputs = {input};
    const std::vector<std::span<float>> outputs = {output};
    std::stop_source stop;
    std::vector<double> reports;
    const auto on_progress = [&](double fraction) {
        reports.push_back(fraction);
        if (reports.size() == until) stop.request_stop();
    };
    try {
        executable->run(inputs, outputs, {.stop = stop.get_token(), .on_progress = on_progress});
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    return reports;
}

Graph attention_of(int64_t heads, int64_t sequences) {
    Graph graph;
    const TensorId rows = graph.add_input({5, sequences, 3 * heads * 4});
    const graph::Attention op{.heads = heads, .head_dim = 4, .k_at = heads * 4, .v_at = 2 * heads * 4};
    graph.add_output(graph.add(op, {rows, rows, {}, {}}));
    return graph;
}

Graph bands_of(int64_t bands) {
    Graph graph;
    const std::vector<int64_t> widths(bands, 3);
    const TensorId x = graph.add_input({7, bands * 3});
    const TensorId weight = constant(graph, {bands * 9});
    graph.add_output(graph.add(graph::BandLinear{widths, widths}, {x, weight, constant(graph, {bands * 3})}));
    return graph;
}

TEST(Cancel, AttentionTellsHowFarItIsAndStopsBetweenTwoHeads) {
    Graph graph = attention_of(/*heads=*/2, /*sequences=*/10);

    EXPECT_GE(reports_of(graph, /*until=*/1000).size(), 20);
    const std::vector<double> cut_short = reports_of(graph, /*until=*/3);
    ASSERT_EQ(cut_short.size(), 3);
    EXPECT_LT(cut_short.back(), 0.5);
}

TEST(Cancel, BandsTellHowFarTheyAreAndStopBetweenTwo) {
    Graph graph = bands_of(10);

    EXPECT_GE(reports_of(graph, /*until=*/1000).size(), 10);
    const std::vector<double> cut_short = reports_of(graph, /*until=*/3);
    ASSERT_EQ(cut_short.size(), 3);
    EXPECT_LT(cut_short.back(), 0.5);
}

TEST(Cancel, RowsStopBetweenTwoSteps) {
    Graph graph;
    const TensorId x = graph.add_input({10'000, 2});
    graph.add_output(graph.add(graph::Linear{}, {x, constant(graph, {2, 2}), {}, {}}));

    EXPECT_GE(reports_of(graph, /*until=*/1000).size(), 5);
    EXPECT_EQ(reports_of(graph, /*until=*/1).size(), 1);
}

TEST(Cancel, AnErrorOfWhoeverIsToldLeavesTheRun) {
    Graph graph = attention_of(/*heads=*/2, /*sequences=*/10);
    const CpuBackend backend({.threads = 2, .precision = Precision::float32});
    const auto executable = backend.compile(graph, backend.plan(graph));
    const std::vector<float> input(graph::elements(graph.shape(graph.inputs()[0])), 0.5f);
    std::vector<float> output(graph::elements(graph.shape(graph.outputs()[0])));
    const std::vector<std::span<const float>> inputs = {input};
    const std::vector<std::span<float>> outputs = {output};
    const auto refuse = [](double) { throw Error(ErrorCode::unavailable, "told too much"); };

    EXPECT_THROW(executable->run(inputs, outputs, {.stop = {}, .on_progress = refuse}), Error);
}

}  // namespace
}  // namespace msst::backend
