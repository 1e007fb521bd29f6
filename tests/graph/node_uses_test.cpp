#include "graph/node_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace msst::graph {
namespace {

using ::testing::ElementsAre;

TEST(NodeUses, ANodeIsNeededIfAWantedOutputDependsOnIt) {
    Graph graph;
    const TensorId x = graph.add_input({4});
    const TensorId trunk = graph.add(Add{}, {x, x});
    const TensorId first = graph.add(Add{}, {trunk, trunk});
    graph.add(Add{}, {trunk, x});  // leads nowhere
    const TensorId second = graph.add(Add{}, {trunk, x});
    graph.add_output(first);
    graph.add_output(second);
    const NodeUses uses(graph);
    std::vector<float> numbers(4);
    std::vector<bool> needed;
    const auto run = [&](std::vector<std::span<float>> outputs) { uses.find_needed(outputs, needed); };

    run({numbers, numbers});
    EXPECT_THAT(needed, ElementsAre(true, true, false, true));
    run({numbers, {}});
    EXPECT_THAT(needed, ElementsAre(true, true, false, false));
    run({{}, numbers});
    EXPECT_THAT(needed, ElementsAre(true, false, false, true));
    run({{}, {}});
    EXPECT_THAT(needed, ElementsAre(false, false, false, false));
}

}  // namespace
}  // namespace msst::graph
