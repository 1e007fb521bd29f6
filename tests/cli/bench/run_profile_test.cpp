#include "cli/run_profile.h"

#include <gtest/gtest.h>

namespace msst::cli {
namespace {

double seconds_of(const RunProfile& profile, const std::string& operation) {
    for (const RunProfile::Entry& entry : profile.entries())
        if (entry.operation == operation) return entry.seconds;
    return -1;
}

// Moves 20 numbers and multiplies them by one another afterwards.
graph::Graph moving_graph() {
    graph::Graph graph;
    const graph::TensorId x = graph.add_input({4, 5});
    const graph::TensorId moved = graph.add(graph::Permute{{1, 0}}, {x});
    graph.add_output(graph.add(graph::Multiply{}, {moved, moved}));
    return graph;
}

TEST(RunProfile, TellsTheTimeOfAnOperationThatOnlyMovesNumbers) {
    const graph::Graph graph = moving_graph();
    RunProfile profile(graph);
    profile.start();

    const double moved = graph.nodes()[0].work / (graph.nodes()[0].work + graph.nodes()[1].work);
    profile.add(moved, 3);
    profile.add(1, 4);

    EXPECT_DOUBLE_EQ(seconds_of(profile, "permute"), 3);
    EXPECT_DOUBLE_EQ(seconds_of(profile, "multiply"), 1);
}

TEST(RunProfile, DividesTheTimeOfOneReportByTheWork) {
    const graph::Graph graph = moving_graph();
    RunProfile profile(graph);
    profile.start();

    profile.add(1, 3);

    // 20 numbers moved; 20 products, and as many numbers written.
    EXPECT_DOUBLE_EQ(seconds_of(profile, "permute"), 1);
    EXPECT_DOUBLE_EQ(seconds_of(profile, "multiply"), 2);
}

}  // namespace
}  // namespace msst::cli
