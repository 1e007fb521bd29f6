// Attributes, optional inputs and hard numbers that the plain cases of conformance_test.cpp leave out, and
// that no operation is left out altogether.

#include <algorithm>
#include <array>

#include "backend/conformance.h"
#include "base/error.h"

namespace msst::backend {
namespace {

using graph::Activation;
using graph::Attention;
using graph::StftFrame;
using graph::Window;

// Fails after the last test if some operation was never compared. With a filter there is nothing to tell.
class EveryOperationIsCompared final : public ::testing::Environment {
public:
    void TearDown() override {
        if (::testing::GTEST_FLAG(filter) != "*" || ::testing::UnitTest::GetInstance()->Failed()) return;
        report_missing(std::make_index_sequence<std::variant_size_v<graph::Op>>());
    }

private:
    template <size_t... Index>
    static void report_missing(std::index_sequence<Index...>) {
        (report_missing_one<Index>(), ...);
    }
    template <size_t Index>
    static void report_missing_one() {
        EXPECT_TRUE(compared_operations().contains(Index))
            << "no test compares the operation " << std::variant_alternative_t<Index, graph::Op>::kName;
    }
};

[[maybe_unused]] const auto* const kEveryOperation =
    ::testing::AddGlobalTestEnvironment(new EveryOperationIsCompared);

TEST_P(Conformance, AddInPlaceAndToItself) {
    for (const Shape& shape : {Shape{1}, Shape{7, 33}, Shape{3, 1, 5, 9}}) {
        Graph graph;
        const TensorId a = input(graph, shape);
        const TensorId b = input(graph, shape);
        const TensorId sum = graph.add(graph::Add{}, {a, b});
        compare(graph, graph.add(graph::Add{}, {sum, graph.add(graph::Add{}, {sum, sum})}));
    }
}

TEST_P(Conformance, LinearWithEverything) {
    for (const Activation activation : {Activation::gelu, Activation::tanh, Activation::none})
        for (const auto& [a, b, in, out] :
             std::vector<std::array<int64_t, 4>>{{1, 1, 3, 2}, {5, 7, 33, 17}, {1, 2049, 9, 40}}) {
            Graph graph;
            const TensorId x = input(graph, {a, b, in});
            const TensorId weight = constant(graph, {out, in}, 0.2f);
            const TensorId bias = constant(graph, {out});
            const TensorId residual = input(graph, {a, b, out});
            compare(graph, graph.add(graph::Linear{activation}, {x, weight, bias, residual}));
        }
}

// Relative errors say nothing here: a leak of a millionth of 10,000 would be more than the signal.
TEST_P(Conformance, GeluOfLargeNumbersIsZeroOrTheNumber) {
    Graph graph;
    const std::vector<float> numbers = {-1e4f, -300, -40, -6, 6, 40, 300, 1e4f};
    const TensorId x = input_of(graph, {1, std::ssize(numbers)}, numbers);
    graph.add_output(graph.add(graph::Activate{Activation::gelu}, {x}));
    const std::vector<float> got = run(*GetParam().backend, graph);

    for (size_t i = 0; i < numbers.size(); ++i)
        EXPECT_NEAR(got[i], std::max(numbers[i], 0.0f), 1e-6f) << numbers[i];
}

TEST_P(Conformance, TwoProductsOfOneInput) {
    Graph graph;
    const TensorId x = graph.add(graph::RmsNorm{}, {input(graph, {37, 24}), constant(graph, {24})});
    const TensorId first = graph.add(graph::Linear{}, {x, constant(graph, {9, 24}), {}, {}});
    const TensorId second =
        graph.add(graph::Linear{}, {x, constant(graph, {9, 24}), constant(graph, {9}), {}});
    compare(graph, graph.add(graph::Add{}, {first, second}));
}

TEST_P(Conformance, RmsNormOfRowsBelowItsFloor) {
    for (const float floor : {1e-12f, 0x1p-24f, 5.0f}) {
        std::vector<float> values = random_values({6, 9});
        std::fill(values.begin() + 9, values.begin() + 18, 0.0f);
        for (int i = 18; i < 27; ++i) values[i] *= 1e-20f;
        Graph graph;
        const TensorId x = input_of(graph, {6, 9}, values);
        compare(graph, graph.add(graph::RmsNorm{floor}, {x, constant(graph, {9})}));
    }
}

TEST_P(Conformance, BandNormOfOneBandAndOfSilence) {
    for (const auto& widths : {std::vector<int64_t>{17}, std::vector<int64_t>{1, 2, 3, 5, 6}}) {
        std::vector<float> values = random_values({5, 17});
        std::fill(values.begin() + 17, values.begin() + 34, 0.0f);
        Graph graph;
        const TensorId x = input_of(graph, {5, 17}, values);
        compare(graph, graph.add(graph::BandNorm{widths}, {x, constant(graph, {17})}));
    }
}

TEST_P(Conformance, BandLinearWithEveryActivation) {
    for (const Activation activation : {Activation::none, Activation::tanh, Activation::gelu})
        for (const int64_t rows : {1, 7, 130}) {
            Graph graph;
            const graph::BandLinear op{{5, 5, 9}, {3, 3, 20}, activation};
            const TensorId x = input(graph, {rows, 19});
            const TensorId weight = constant(graph, {5 * 3 + 5 * 3 + 9 * 20}, 0.3f);
            compare(graph, graph.add(op, {x, weight, constant(graph, {26})}));
        }
}

TEST_P(Conformance, BandGluWithGatesThatSaturate) {
    std::vector<float> values = random_values({3, 14}, 60);
    Graph graph;
    compare(graph, graph.add(graph::BandGlu{{1, 4, 2}}, {input_of(graph, {3, 14}, values)}));
}

TEST_P(Conformance, AttentionWithItsColumnsInAnyOrder) {
    using P = Attention::Position;
    for (const P position : {P::none, P::rotary, P::polar})
        for (const int axis : {0, 1})
            for (const bool has_gates : {false, true}) {
                constexpr int64_t kHeads = 3, kDim = 4, kWidth = kHeads * kDim;
                Graph graph;
                const TensorId qk = input(graph, {11, 13, 2 * kWidth + 5});
                const TensorId v = input(graph, {11, 13, kWidth + 2});
                const TensorId gates = has_gates ? input(graph, {11, 13, kHeads + 1}) : TensorId();
                const int64_t length = axis == 0 ? 11 : 13;
                TensorId table;
                if (position == P::rotary) table = constant(graph, {2, length, kDim});
                if (position == P::polar) table = constant(graph, {2, 1 + kHeads, length, kDim});
                Attention op{.heads = kHeads, .head_dim = kDim, .sequence_axis = axis};
                op.k_at = 1;
                op.q_at = kWidth + 3;
                op.v_at = 2;
                op.gates_at = 1;
                op.position = position;
                compare(graph, graph.add(op, {qk, v, gates, table}));
            }
}

TEST_P(Conformance, AttentionThroughWindowsAlongEveryAxis) {
    using P = Attention::Position;
    for (const int axis : {0, 1})
        for (const auto& [window, sinks] :
             std::vector<std::array<int64_t, 2>>{{1, 0}, {2, 1}, {5, 3}, {100, 0}, {1, 100}})
            for (const P position : {P::rotary, P::polar}) {
                constexpr int64_t kHeads = 2, kDim = 6, kWidth = kHeads * kDim;
                Graph graph;
                const TensorId rows = input(graph, {19, 17, 3 * kWidth + kHeads});
                const int64_t length = axis == 0 ? 19 : 17;
                const Shape shape =
                    position == P::rotary ? Shape{2, length, kDim} : Shape{2, 1 + kHeads, length, kDim};
                Attention op{.heads = kHeads, .head_dim = kDim, .sequence_axis = axis, .k_at = kWidth};
                op.v_at = 2 * kWidth;
                op.gates_at = 3 * kWidth;
                op.position = position;
                op.window = window;
                op.sinks = sinks;
                compare(graph, graph.add(op, {rows, rows, rows, constant(graph, shape)}));
            }
}

TEST_P(Conformance, AttentionWithScoresThatOverflowAnExponential) {
    Graph graph;
    const TensorId rows = input_of(graph, {9, 2, 24}, random_values({9, 2, 24}, 30));
    Attention op{.heads = 1, .head_dim = 8, .sequence_axis = 0, .k_at = 0};
    op.v_at = 16;  // keys are the queries: every position wants itself
    compare(graph, graph.add(op, {rows, rows, {}, {}}));
}

TEST_P(Conformance, LinearAttentionOfOneRowAndOfSilence) {
    for (const int64_t rows : {1, 5, 700}) {
        std::vector<float> values = random_values({rows, 3 * 2 * 9});
        for (int64_t row = 0; row < rows; ++row) values[row * 54 + 4] = 0;  // a feature of q that is silent
        Graph graph;
        const TensorId qkv = input_of(graph, {rows, 54}, values);
        compare(graph, graph.add(graph::LinearAttention{2, 9}, {qkv, constant(graph, {2})}));
    }
}

TEST_P(Conformance, ValueMixThatSaturates) {
    Graph graph;
    const TensorId v = input(graph, {3, 7, 15});
    const TensorId first = input(graph, {3, 7, 15});
    const TensorId mix = input_of(graph, {3, 7, 5}, random_values({3, 7, 5}, 100));
    compare(graph, graph.add(graph::ValueMix{5}, {v, first, mix}));
}

TEST_P(Conformance, ShortTimeFourierTransformsOfEverySizeAndBack) {
    struct Case {
        StftFrame frame;
        int64_t channels, length;
    };
    for (const auto& [frame, channels, length] :
         {Case{{16, 16, 16, Window::rectangular, false}, 1, 9},
          Case{{90, 25, 90, Window::hann, true}, 2, 400}, Case{{158, 40, 91, Window::hann, false}, 1, 333},
          Case{{512, 441, 512, Window::hann, false}, 2, 2000},
          Case{{64, 1, 64, Window::hann, false}, 1, 70}}) {
        Graph forward;
        compare(forward, forward.add(graph::Stft{frame}, {input(forward, {channels, length})}));
        for (const bool zero_dc : {false, true})
            for (const int64_t wanted : {length, length - frame.hop / 2, length + 300}) {
                // Behind a Hann window's end would be noise, divided by nearly nothing.
                if (wanted > length && frame.window == Window::hann) continue;
                Graph inverse;
                const TensorId spectrum = input(inverse, {1 + length / frame.hop, frame.bins(), channels, 2});
                compare(inverse, inverse.add(graph::Istft{frame, wanted, zero_dc}, {spectrum}));
            }
    }
}

TEST_P(Conformance, GatherAndScatterInAnyOrderWithRowsThatNobodyNames) {
    Graph graph;
    const std::vector<int64_t> indices = {6, 0, 6, 2, 0, 0};
    const TensorId gathered = graph.add(graph::Gather{indices}, {input(graph, {2, 7, 3})});
    compare(graph, graph.add(graph::ScatterMean{indices, 9}, {gathered}));
}

TEST_P(Conformance, SlicesOfEveryAxisAndConcatOfOne) {
    for (const auto& [axis, first, count] :
         std::vector<std::array<int64_t, 3>>{{0, 4, 1}, {1, 0, 7}, {2, 2, 3}}) {
        Graph graph;
        const TensorId x = graph.add(graph::Concat{}, {input(graph, {5, 7, 9})});
        compare(graph, graph.add(graph::Slice{static_cast<int>(axis), first, count}, {x}));
    }
}

TEST_P(Conformance, ReshapedTensorsBetweenOperationsAndAsOutput) {
    Graph graph;
    const TensorId x = graph.add(graph::Reshape{{7, 12}}, {input(graph, {3, 4, 7})});
    const TensorId y = graph.add(graph::Linear{}, {x, constant(graph, {10, 12}), {}, {}});
    const TensorId z = graph.add(graph::Add{}, {y, y});
    compare(graph, graph.add(graph::Reshape{{2, 5, 7}}, {z}));
}

TEST_P(Conformance, OutputsThatNobodyWantsAreNotComputedAndTheOthersAreTheSame) {
    Graph graph;
    const TensorId x = input(graph, {50, 8});
    const TensorId trunk = graph.add(graph::RmsNorm{}, {x, constant(graph, {8})});
    for (int head = 0; head < 3; ++head) {
        const TensorId y = graph.add(graph::Linear{}, {trunk, constant(graph, {8, 8}), {}, {}});
        graph.add_output(graph.add(graph::Add{}, {y, x}));
    }
    const auto executable = GetParam().backend->compile(graph, GetParam().backend->plan(graph));
    const std::vector<std::span<const float>> inputs = {inputs_[0]};
    const auto run_with = [&](std::vector<std::vector<float>>& outputs) {
        int operations = 0;
        const std::vector<std::span<float>> spans(outputs.begin(), outputs.end());
        double last = 0;
        executable->run(inputs, spans, {.stop = {}, .on_progress = [&](double fraction) {
                                            ++operations;
                                            last = fraction;
                                        }});
        EXPECT_EQ(last, 1.0);
        return operations;
    };

    std::vector<std::vector<float>> all(3, std::vector<float>(400)), one(3);
    one[1].resize(400);
    const int operations_of_all = run_with(all);

    EXPECT_LT(run_with(one), operations_of_all);
    EXPECT_EQ(one[1], all[1]);
}

TEST_P(Conformance, AfterARequestToStopNoOperationIsFinished) {
    Graph graph;
    TensorId x = input(graph, {5000, 8});
    for (int i = 0; i < 10; ++i) {
        x = graph.add(graph::RmsNorm{}, {x, constant(graph, {8})});
        x = graph.add(graph::Linear{}, {x, constant(graph, {8, 8}), {}, {}});
        x = graph.add(graph::Add{}, {x, x});
    }
    graph.add_output(x);
    const auto executable = GetParam().backend->compile(graph, GetParam().backend->plan(graph));
    std::vector<float> output(40'000);
    const std::vector<std::span<const float>> inputs = {inputs_[0]};
    const std::vector<std::span<float>> outputs = {output};
    std::stop_source stop;
    int reports = 0;
    const auto on_progress = [&](double) {
        if (++reports == 4) stop.request_stop();
    };

    EXPECT_THROW(executable->run(inputs, outputs, {.stop = stop.get_token(), .on_progress = on_progress}),
                 Error);
    EXPECT_LE(reports, 5);  // the last piece of an operation is reported, and so is its end
    // The next run is not touched by it.
    reports = 100;
    executable->run(inputs, outputs, {.stop = {}, .on_progress = on_progress});
    EXPECT_GE(reports, 110);
}

}  // namespace
}  // namespace msst::backend
