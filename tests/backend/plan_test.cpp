#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/matrix_product.h"

namespace msst::backend {
namespace {

using graph::Graph;

// Admission counts what a plan says.
TEST(Plan, CountsWeightsThatAreKeptLargerThanTheyAre) {
    if (cpu::has_avx512()) GTEST_SKIP() << "with AVX-512 they are kept as they are";
    Graph graph;
    const auto x = graph.add_input({1, 20, 20, 32});
    const auto weight = graph.add_constant({"weight", {48, 32, 3, 3}, [](std::span<float>) {}});
    graph::Convolution op;
    op.layout = graph::Layout::channels_last;
    graph.add_output(graph.add(op, {x, weight, {}, {}}));
    EXPECT_GE(CpuBackend(CpuOptions{1, Precision::float32}).plan(graph).weight_bytes, 16 * 48 * 32 * 4);
}

}  // namespace
}  // namespace msst::backend
