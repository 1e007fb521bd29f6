#include "graph/plan.h"

#include <random>

#include <gtest/gtest.h>

namespace msst::graph {
namespace {

Constant ones(Shape shape) {
    return {"ones", std::move(shape), [](std::span<float> out) { std::fill(out.begin(), out.end(), 1.0f); }};
}

MemoryNeeds float_needs(const Graph& graph) {
    MemoryNeeds needs;
    for (const Tensor& tensor : graph.tensors())
        needs.tensor_bytes.push_back(tensor.kind == TensorKind::constant ? 0 : 4 * elements(tensor.shape));
    needs.scratch_bytes.assign(graph.nodes().size(), 0);
    return needs;
}

TEST(Plan, AChainOfAnyLengthNeedsTwoTensors) {
    Graph graph;
    TensorId x = graph.add_input({16, 16});
    for (int i = 0; i < 10; ++i) x = graph.add(Slice{0, 0, 16}, {x});
    graph.add_output(x);

    EXPECT_EQ(make_plan(graph, float_needs(graph)).arena_bytes, 2 * 16 * 16 * 4);
}

TEST(Plan, AReshapeLiesWhereItsInputLies) {
    Graph graph;
    const TensorId x = graph.add_input({4, 16});
    const TensorId y = graph.add(Reshape{{64}}, {x});
    graph.add_output(y);
    const Plan plan = make_plan(graph, float_needs(graph));

    EXPECT_EQ(plan.tensor_offsets[x.index], plan.tensor_offsets[y.index]);
    EXPECT_EQ(plan.arena_bytes, 256);
}

TEST(Plan, AnAdditionTakesOverItsFirstInput) {
    Graph graph;
    const TensorId a = graph.add_input({64});
    const TensorId b = graph.add_input({64});
    const TensorId y = graph.add(Add{}, {a, b});
    graph.add_output(y);
    const Plan plan = make_plan(graph, float_needs(graph));

    EXPECT_EQ(plan.tensor_offsets[y.index], plan.tensor_offsets[a.index]);
    EXPECT_EQ(plan.arena_bytes, 512);
}

TEST(Plan, NothingTakesOverATensorThatIsReadLater) {
    Graph graph;
    const TensorId a = graph.add_input({64});
    const TensorId y = graph.add(Add{}, {a, graph.add_input({64})});
    const TensorId z = graph.add(Add{}, {y, a});
    const TensorId twice = graph.add(Add{}, {z, z});
    graph.add_output(twice);
    const Plan plan = make_plan(graph, float_needs(graph));

    EXPECT_NE(plan.tensor_offsets[y.index], plan.tensor_offsets[a.index]);
    EXPECT_EQ(plan.tensor_offsets[z.index], plan.tensor_offsets[y.index]);
    EXPECT_NE(plan.tensor_offsets[twice.index], plan.tensor_offsets[z.index]);
}

TEST(Plan, ScratchLivesOnlyDuringItsOperation) {
    Graph graph;
    TensorId x = graph.add_input({16});
    x = graph.add(Slice{0, 0, 16}, {x});
    x = graph.add(Slice{0, 0, 16}, {x});
    graph.add_output(x);
    MemoryNeeds needs = float_needs(graph);
    needs.scratch_bytes = {640, 1280};

    EXPECT_EQ(make_plan(graph, needs).arena_bytes, 1280 + 2 * 64);
}

// Runs the plan with tensor numbers instead of tensors: whatever is read must still be there.
void expect_nothing_overwritten(const Graph& graph, const MemoryNeeds& needs, const Plan& plan) {
    std::vector<int> owner(plan.arena_bytes / 64, -1);
    std::vector<int> same_as(graph.tensors().size());
    for (size_t i = 0; i < same_as.size(); ++i) same_as[i] = static_cast<int>(i);
    const auto each_line = [&](int tensor, auto use) {
        const int64_t first = plan.tensor_offsets[tensor] / 64;
        const int64_t count = (needs.tensor_bytes[tensor] + 63) / 64;
        for (int64_t i = 0; i < count; ++i) use(owner.at(first + i));
    };
    const auto write = [&](int tensor) { each_line(tensor, [&](int& line) { line = same_as[tensor]; }); };
    const auto read = [&](int tensor) {
        if (plan.tensor_offsets[tensor] == Plan::kNowhere) return;
        each_line(tensor, [&](int& line) { EXPECT_EQ(line, same_as[tensor]) << "tensor " << tensor; });
    };
    for (const TensorId input : graph.inputs()) write(input.index);
    for (size_t n = 0; n < graph.nodes().size(); ++n) {
        const Node& node = graph.nodes()[n];
        for (const TensorId input : node.inputs) read(input.index);
        if (std::holds_alternative<Reshape>(node.op))
            same_as[node.output.index] = same_as[node.inputs[0].index];
        if (plan.scratch_offsets[n] != Plan::kNowhere) {
            for (int64_t at = 0; at < needs.scratch_bytes[n]; at += 64)
                owner.at((plan.scratch_offsets[n] + at) / 64) = -2;
            for (const TensorId input : node.inputs) read(input.index);
        }
        write(node.output.index);
    }
    for (const TensorId output : graph.outputs()) read(output.index);
}

TEST(Plan, RandomGraphsKeepWhatTheyStillNeed) {
    std::mt19937 random(7);
    const auto below = [&](size_t limit) { return random() % limit; };
    for (int round = 0; round < 200; ++round) {
        Graph graph;
        std::vector<TensorId> known = {graph.add_input({64}), graph.add_input({64})};
        for (int i = 0; i < 30; ++i) {
            const TensorId a = known[below(known.size())];
            const TensorId b = known[below(known.size())];
            switch (below(4)) {
                case 0:
                    known.push_back(graph.add(Add{}, {a, b}));
                    break;
                case 1:
                    known.push_back(graph.add(Reshape{{64}}, {a}));
                    break;
                case 2:
                    known.push_back(graph.add(Slice{0, 0, 64}, {a}));
                    break;
                case 3:
                    known.push_back(graph.add(RmsNorm{}, {a, graph.add_constant(ones({64}))}));
                    break;
            }
        }
        graph.add_output(known[below(known.size())]);
        graph.add_output(known.back());
        MemoryNeeds needs = float_needs(graph);
        for (int64_t& bytes : needs.scratch_bytes) bytes = static_cast<int64_t>(below(3)) * 128;

        expect_nothing_overwritten(graph, needs, make_plan(graph, needs));
    }
}

TEST(Graph, SaysWhichShapesDoNotFit) {
    Graph graph;
    const TensorId x = graph.add_input({2, 5});
    const TensorId weight = graph.add_constant(ones({3, 4}));
    try {
        graph.add(Linear{}, {x, weight, {}, {}}, "layers.0");
        FAIL() << "a weight of another width was taken";
    } catch (const std::exception& error) {
        EXPECT_STREQ(error.what(), "layers.0: linear does not fit shapes [2, 5] [3, 4] [] []");
    }
}

TEST(Graph, KnowsItsWorkBeforeItRuns) {
    Graph graph;
    const TensorId x = graph.add_input({10, 4});
    graph.add_output(graph.add(Linear{}, {x, graph.add_constant(ones({3, 4})), {}, {}}));

    EXPECT_EQ(graph.flops(), 2 * 10 * 4 * 3);
    EXPECT_EQ(graph.constant_elements(), 12);
}

}  // namespace
}  // namespace msst::graph
