// Every operation on every backend against the reference, with odd sizes on purpose. Long, since it is one
// list of cases.

#include "backend/conformance.h"

#include <array>
#include <functional>

#include "base/error.h"

namespace msst::backend {
namespace {

using graph::Activation;
using graph::Attention;

TEST_P(Conformance, Linear) {
    for (const Activation activation : {Activation::none, Activation::gelu, Activation::tanh})
        for (const auto& [rows, in, out] : std::vector<std::array<int64_t, 3>>{
                 {1, 1, 1}, {7, 33, 5}, {2500, 48, 7}, {503, 35, 133}, {13, 22, 200}}) {
            Graph graph;
            const TensorId x = input(graph, {rows, in});
            const TensorId bias = rows == 7 ? TensorId() : constant(graph, {out});
            compare(graph,
                    graph.add(graph::Linear{activation}, {x, constant(graph, {out, in}, 0.2f), bias, {}}));
        }
}

// Weights of more than 2 MiB, whose panels are asked for ahead, the wide one in stretches that do not divide
// it.
TEST_P(Conformance, LinearWithALargeWeight) {
    for (const auto& [rows, in, out] :
         std::vector<std::array<int64_t, 3>>{{25, 390, 1500}, {31, 700, 1013}, {4, 600, 1000}}) {
        Graph graph;
        const TensorId x = input(graph, {rows, in});
        compare(graph, graph.add(graph::Linear{Activation::gelu},
                                 {x, constant(graph, {out, in}, 0.05f), constant(graph, {out}), {}}));
    }
}

TEST_P(Conformance, LinearAddsToAResidual) {
    Graph graph;
    const TensorId x = input(graph, {3, 5, 16});
    const TensorId residual = input(graph, {3, 5, 9});
    const TensorId y =
        graph.add(graph::Linear{}, {x, constant(graph, {9, 16}), constant(graph, {9}), residual});
    compare(graph, graph.add(graph::Add{}, {y, residual}));
}

TEST_P(Conformance, AFeedForwardBlockInPieces) {
    Graph graph;
    const TensorId x = input(graph, {5000, 24});
    const TensorId normed = graph.add(graph::RmsNorm{}, {x, constant(graph, {24})});
    const TensorId hidden = graph.add(graph::Linear{Activation::gelu},
                                      {normed, constant(graph, {96, 24}, 0.2f), constant(graph, {96}), {}});
    compare(graph,
            graph.add(graph::Linear{}, {hidden, constant(graph, {24, 96}, 0.1f), constant(graph, {24}), x}));
}

TEST_P(Conformance, RmsNorm) {
    for (const int64_t width : {1, 7, 33, 384}) {
        Graph graph;
        const TensorId x = input(graph, {11, width});
        compare(graph, graph.add(graph::RmsNorm{}, {x, constant(graph, {width})}));
    }
}

TEST_P(Conformance, LayerNorm) {
    for (const int64_t width : {2, 7, 33, 384}) {
        Graph graph;
        const TensorId x = input(graph, {11, width});
        compare(graph,
                graph.add(graph::LayerNorm{}, {x, constant(graph, {width}), constant(graph, {width})}));
    }
}

TEST_P(Conformance, GatedLinearUnitsAlongEveryAxis) {
    for (const int axis : {0, 1, 2}) {
        Graph graph;
        const TensorId x = input(graph, {6, 10, 2050});
        const TensorId y = graph.add(graph::Glu{axis}, {x});
        compare(graph,
                graph.add(graph::Multiply{}, {y, graph.add(graph::Glu{axis, graph::Glu::Gate::silu}, {x})}));
    }
}

TEST_P(Conformance, AGatedLinearUnitBetweenProducts) {
    Graph graph;
    const TensorId x = input(graph, {33, 24});
    TensorId y = graph.add(graph::LayerNorm{}, {x, constant(graph, {24}), constant(graph, {24})});
    y = graph.add(graph::Linear{}, {y, constant(graph, {34, 24}, 0.2f), constant(graph, {34}), {}});
    y = graph.add(graph::Glu{1}, {y});
    compare(graph, graph.add(graph::Linear{}, {y, constant(graph, {24, 17}, 0.2f), {}, x}));
}

TEST_P(Conformance, NormsWithAnEpsilon) {
    Graph graph;
    TensorId x = input(graph, {7, 33});
    x = graph.add(graph::RmsNorm{.epsilon = 0.5f}, {x, constant(graph, {33})});
    x = graph.add(graph::BandNorm{{1, 12, 20}, 0.5f}, {x, constant(graph, {33})});
    compare(graph, x);
}

TEST_P(Conformance, BandLevels) {
    Graph graph;
    compare(graph, graph.add(graph::BandLevel{{1, 12, 20}, 0.1f}, {input(graph, {7, 33})}));
}

TEST_P(Conformance, DepthwiseConvolution) {
    for (const auto& [a, b, channels, kernel] :
         std::vector<std::array<int64_t, 4>>{{1, 1, 1, 1}, {7, 3, 5, 31}, {50, 33, 130, 7}, {3, 41, 64, 3}})
        for (const int axis : {0, 1})
            for (const auto kind : {Activation::none, Activation::silu}) {
                Graph graph;
                const TensorId x = input(graph, {a, b, channels});
                compare(graph, graph.add(graph::DepthwiseConvolution{axis, kind},
                                         {x, constant(graph, {channels, kernel}, 0.3f),
                                          constant(graph, {channels})}));
            }
}

// Its output is stored as the product wants it.
TEST_P(Conformance, ADepthwiseConvolutionBeforeAProduct) {
    Graph graph;
    const TensorId x = input(graph, {50, 3, 70});
    const TensorId y = graph.add(graph::DepthwiseConvolution{0, Activation::silu},
                                 {x, constant(graph, {70, 5}, 0.3f), constant(graph, {70})});
    compare(graph, graph.add(graph::Linear{}, {y, constant(graph, {9, 70}), constant(graph, {9}), {}}));
}

TEST_P(Conformance, Bands) {
    const std::vector<int64_t> in = {4, 1, 33};
    const std::vector<int64_t> out = {6, 10, 2};
    Graph graph;
    TensorId x = input(graph, {13, 38});
    x = graph.add(graph::BandNorm{in}, {x, constant(graph, {38})});
    x = graph.add(graph::BandLinear{in, out, Activation::tanh},
                  {x, constant(graph, {4 * 6 + 10 + 33 * 2}, 0.3f), constant(graph, {18})});
    compare(graph, graph.add(graph::BandGlu{{3, 5, 1}}, {x}));
}

struct AttentionCase {
    int64_t a, b, heads, dim;
    int axis;
    Attention::Position position;
};

TEST_P(Conformance, Attention) {
    using P = Attention::Position;
    for (const auto& [a, b, heads, dim, axis, position] :
         {AttentionCase{1, 1, 1, 2, 0, P::none}, AttentionCase{7, 3, 2, 6, 0, P::rotary},
          AttentionCase{5, 33, 4, 8, 1, P::rotary}, AttentionCase{9, 17, 3, 5, 1, P::polar},
          AttentionCase{1501, 2, 2, 16, 0, P::rotary}, AttentionCase{3, 60, 8, 64, 1, P::rotary}}) {
        Graph graph;
        const int64_t width = heads * dim;
        const int64_t length = axis == 0 ? a : b;
        const TensorId rows = input(graph, {a, b, 3 * width + heads});
        TensorId table;
        if (position == P::rotary) table = constant(graph, {2, length, dim});
        if (position == P::polar) table = constant(graph, {2, 1 + heads, length, dim});
        Attention op{
            .heads = heads, .head_dim = dim, .sequence_axis = axis, .k_at = width, .v_at = 2 * width};
        op.gates_at = 3 * width;
        op.position = position;
        compare(graph, graph.add(op, {rows, rows, rows, table}));
    }
}

TEST_P(Conformance, AttentionThroughAWindowWithSinksAndValuesOfItsOwn) {
    Graph graph;
    const TensorId rows = input(graph, {23, 2, 32});
    const TensorId values = input(graph, {23, 2, 16});
    const Attention op{.heads = 2, .head_dim = 8, .k_at = 16, .window = 3, .sinks = 2};
    compare(graph, graph.add(op, {rows, values, {}, {}}));
}

TEST_P(Conformance, AttentionToOtherTokens) {
    for (const auto& [queries, keys, heads, dim] : std::vector<std::array<int64_t, 4>>{
             {1, 7, 1, 2}, {9, 4, 3, 5}, {1501, 700, 2, 16}, {40, 33, 8, 64}}) {
        const int64_t width = heads * dim;
        for (const int axis : {0, 1}) {
            const auto shape = [axis = axis](int64_t length, int64_t columns) {
                return axis == 0 ? Shape{length, 2, columns} : Shape{2, length, columns};
            };
            Graph graph;
            const TensorId q = input(graph, shape(queries, width));
            const TensorId kv = input(graph, shape(keys, 2 * width));
            const Attention op{.heads = heads, .head_dim = dim, .sequence_axis = axis, .v_at = width};
            compare(graph, graph.add(op, {q, kv, {}, {}, kv}));
        }
    }
}

TEST_P(Conformance, LocalAttention) {
    for (const auto& [lanes, length, heads, dim] :
         std::vector<std::array<int64_t, 4>>{{1, 1, 1, 1}, {3, 33, 4, 6}, {1, 517, 4, 24}}) {
        Graph graph;
        const graph::LocalAttention op{heads, dim, 3};
        const TensorId rows = input(graph, {lanes, length, 3 * op.width() + heads * 3});
        compare(graph, graph.add(op, {rows}));
    }
}

TEST_P(Conformance, AWholeTensorIsStandardizedAndBroughtBack) {
    Graph graph;
    const TensorId x = input(graph, {3, 5, 1003});
    const TensorId moments = graph.add(graph::Moments{}, {x});
    TensorId y = graph.add(graph::Standardize{}, {x, moments});
    y = graph.add(graph::Add{}, {y, x});
    compare(graph, graph.add(graph::Standardize{graph::Standardize::Direction::inverse}, {y, moments}));
}

TEST_P(Conformance, TensorNorm) {
    Graph graph;
    const TensorId x = input(graph, {301, 33});
    compare(graph, graph.add(graph::TensorNorm{}, {x, constant(graph, {33}), constant(graph, {33})}));
}

TEST_P(Conformance, LinearAttention) {
    Graph graph;
    const TensorId qkv = input(graph, {101, 3 * 3 * 7});
    compare(graph, graph.add(graph::LinearAttention{3, 7}, {qkv, constant(graph, {3})}));
}

struct LstmCase {
    int64_t a, b, in, hidden, directions;
    int axis;
};

TEST_P(Conformance, Lstm) {
    for (const auto& [a, b, in, hidden, directions, axis] :
         {LstmCase{1, 1, 1, 1, 1, 0}, LstmCase{9, 3, 7, 5, 2, 0}, LstmCase{3, 9, 7, 17, 2, 1},
          LstmCase{60, 40, 33, 48, 1, 0}, LstmCase{43, 12, 16, 33, 2, 1}, LstmCase{300, 21, 40, 130, 2, 0},
          LstmCase{1, 70, 24, 32, 2, 1}, LstmCase{4, 230, 9, 20, 2, 0}, LstmCase{230, 4, 9, 20, 2, 1}}) {
        Graph graph;
        const TensorId x = graph.add(graph::RmsNorm{}, {input(graph, {a, b, in}), constant(graph, {in})});
        const TensorId bias = axis == 0 ? constant(graph, {directions, 2, 4 * hidden}) : TensorId();
        const TensorId y =
            graph.add(graph::Lstm{axis}, {x, constant(graph, {directions, 4 * hidden, in}, 0.2f),
                                          constant(graph, {directions, 4 * hidden, hidden}, 0.2f), bias});
        const TensorId weight = constant(graph, {5, directions * hidden}, 0.2f);
        compare(graph, graph.add(graph::Linear{}, {y, weight, {}, {}}));
    }
}

TEST_P(Conformance, RealFourierTransformAlongAnAxisAndBack) {
    for (const int64_t size : {1, 2, 3, 4, 16, 34, 35, 37, 119, 211, 476}) {
        Graph forward;
        compare(forward, forward.add(graph::RealFft{0, size % 2 == 0}, {input(forward, {size, 3, 5})}));
        Graph inverse;
        const TensorId spectrum = input(inverse, {2, size / 2 + 1, 2 * 37});
        compare(inverse, inverse.add(graph::InverseRealFft{1, size, size % 2 == 0}, {spectrum}));
    }
}

TEST_P(Conformance, AnOrthonormalFourierTransformAndItsInverseChangeNothing) {
    Graph graph;
    const TensorId x = input(graph, {2, 238, 3, 32});
    const TensorId back =
        graph.add(graph::InverseRealFft{1, 238, true}, {graph.add(graph::RealFft{1, true}, {x})});
    graph.add_output(back);

    const std::vector<float> got = run(*GetParam().backend, graph);

    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], inputs_[0][i], 1e-5) << "element " << i;
}

TEST_P(Conformance, ValueMix) {
    Graph graph;
    const TensorId v = input(graph, {5, 3, 14});
    const TensorId first = input(graph, {5, 3, 14});
    compare(graph, graph.add(graph::ValueMix{2}, {v, first, input(graph, {5, 3, 2})}));
}

TEST_P(Conformance, ShortTimeFourierTransformAndBack) {
    for (const graph::StftFrame& frame : {graph::StftFrame{512, 126, 512, graph::Window::hann, false},
                                          graph::StftFrame{256, 64, 200, graph::Window::hann, true},
                                          graph::StftFrame{192, 48, 192, graph::Window::rectangular, false},
                                          graph::StftFrame{90, 45, 90, graph::Window::hann, false}}) {
        Graph forward;
        compare(forward, forward.add(graph::Stft{frame}, {input(forward, {3, 1003})}));
        Graph inverse;
        const TensorId spectrum = input(inverse, {1 + 1003 / frame.hop, frame.bins(), 2, 2});
        compare(inverse, inverse.add(graph::Istft{frame, 1003, /*zero_dc=*/frame.hop == 64}, {spectrum}));
    }
}

TEST_P(Conformance, Movement) {
    Graph graph;
    const TensorId x = input(graph, {3, 5, 4});
    const std::vector<int64_t> indices = {0, 1, 1, 2, 4, 4, 4};
    const TensorId gathered = graph.add(graph::Gather{indices}, {x});
    const TensorId scattered = graph.add(graph::ScatterMean{indices, 5}, {gathered});
    const TensorId joined = graph.add(graph::Concat{}, {x, scattered, x});
    const TensorId part = graph.add(graph::Slice{1, 1, 3}, {joined});
    compare(graph, graph.add(graph::Slice{0, 2, 6}, {part}));
}

struct ConvolutionCase {
    Shape x;       // [n, in, h, w]
    Shape weight;  // [out, in / groups, kernel h, kernel w]
    graph::Convolution op;
};

TEST_P(Conformance, Convolution) {
    for (const auto& [x, weight, op] :
         {ConvolutionCase{{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
          ConvolutionCase{{1, 33, 7, 19}, {17, 33, 3, 3}, {.pad_begin = {1, 1}, .pad_end = {1, 1}}},
          ConvolutionCase{{2, 5, 9, 13}, {7, 5, 2, 2}, {.strides = {2, 2}, .activation = Activation::relu}},
          ConvolutionCase{{1, 4, 11, 30},
                          {8, 4, 3, 5},
                          {.strides = {1, 4}, .dilations = {2, 1}, .pad_begin = {0, 3}, .pad_end = {2, 1}}},
          ConvolutionCase{
              {3, 16, 1, 101},
              {24, 16, 1, 8},
              {.strides = {1, 4}, .pad_begin = {0, 2}, .pad_end = {0, 2}, .activation = Activation::gelu}},
          ConvolutionCase{{2, 12, 1, 50},
                          {12, 1, 1, 7},
                          {.dilations = {1, 3},
                          .pad_begin = {0, 9},
                          .pad_end = {0, 9},
                          .groups = 12,
                          .activation = Activation::silu}},
          // wider than what is multiplied at once, and than a tile; a kernel of one row, and of one column
          ConvolutionCase{{1, 401, 5, 23}, {19, 401, 3, 3}, {.pad_begin = {1, 1}, .pad_end = {1, 1}}},
          ConvolutionCase{{2, 130, 9, 8}, {33, 130, 3, 2}, {.strides = {3, 2}, .pad_end = {4, 1}}},
          ConvolutionCase{{5, 17, 1, 211}, {34, 17, 1, 3}, {.pad_begin = {0, 1}, .pad_end = {0, 1}}},
          ConvolutionCase{{1, 4, 40, 101}, {16, 4, 4, 1}, {.strides = {4, 1}, .pad_begin = {2, 0}}},
          // 3 x 3: several samples, odd ends, more padding than that of the same size, none, one pixel
          ConvolutionCase{{3, 16, 11, 13}, {18, 16, 3, 3}, {.pad_begin = {2, 0}, .pad_end = {1, 2}}},
          ConvolutionCase{{1, 24, 9, 131},
                          {40, 24, 3, 3},
                          {.pad_begin = {1, 1}, .pad_end = {1, 1}, .activation = Activation::relu}},
          ConvolutionCase{{2, 17, 3, 3}, {16, 17, 3, 3}, {}},
          // 1 x 1: more pixels than go at once, and padding
          ConvolutionCase{{2, 21, 9, 131}, {35, 21, 1, 1}, {.activation = Activation::gelu}},
          ConvolutionCase{{1, 6, 3, 4}, {5, 6, 1, 1}, {.pad_begin = {1, 0}, .pad_end = {0, 2}}},
          ConvolutionCase{
              {1, 12, 5, 6}, {18, 4, 1, 1}, {.groups = 3, .activation = {Activation::elu, 0.7f}}}}) {
        for (const bool has_residual : {false, true}) {
            Graph graph;
            const Shape weights[] = {x, weight, {}, {}};
            TensorId residual;
            if (has_residual) residual = input(graph, op.infer(weights));
            const TensorId bias = has_residual ? TensorId() : constant(graph, {weight[0]});
            const TensorId y =
                graph.add(op, {input(graph, x), constant(graph, weight, 0.2f), bias, residual});
            compare(graph, y);
        }
        for (const bool has_residual : {false, true}) {
            Graph graph;
            graph::Convolution last = op;
            last.layout = graph::Layout::channels_last;
            const TensorId song = input(graph, graph::in_layout(x, last.layout));
            const TensorId bias = has_residual ? TensorId() : constant(graph, {weight[0]});
            const Shape weights[] = {graph.shape(song), weight, {}, {}};
            TensorId residual;
            if (has_residual) residual = input(graph, last.infer(weights));
            compare(graph, graph.add(last, {song, constant(graph, weight, 0.2f), bias, residual}));
        }
    }
}

TEST_P(Conformance, AGatedConvolution) {
    for (const auto& [x, weight, op] :
         {ConvolutionCase{{1, 1, 1, 1}, {2, 1, 1, 1}, {}},
          ConvolutionCase{{1, 7, 5, 19}, {34, 7, 3, 3}, {.pad_begin = {1, 1}, .pad_end = {1, 1}}},
          ConvolutionCase{{1, 33, 1, 500}, {22, 33, 1, 3}, {.pad_begin = {0, 1}, .pad_end = {0, 1}}},
          ConvolutionCase{{2, 24, 4, 13}, {96, 24, 1, 5}, {.pad_begin = {0, 2}, .pad_end = {0, 2}}}})
        for (const bool has_bias : {false, true}) {
            Graph graph;
            graph::Convolution gated = op;
            gated.is_gated = true;
            gated.layout = graph::Layout::channels_last;
            const TensorId bias = has_bias ? constant(graph, {weight[0]}) : TensorId();
            compare(graph, graph.add(gated, {input(graph, graph::in_layout(x, gated.layout)),
                                             constant(graph, weight, 0.2f),
                                             bias,
                                             {}}));
        }
}

TEST_P(Conformance, ALongConvolutionWithTheChannelsLast) {
    for (const auto& [x, weight, op] :
         {ConvolutionCase{
              {1, 3, 1, 1001}, {20, 3, 1, 8}, {.strides = {1, 4}, .pad_begin = {0, 2}, .pad_end = {0, 5}}},
          ConvolutionCase{
              {2, 48, 1, 333}, {6, 48, 1, 3}, {.dilations = {1, 2}, .pad_begin = {0, 2}, .pad_end = {0, 2}}},
          ConvolutionCase{{1, 96, 3, 200}, {33, 96, 3, 3}, {.pad_begin = {1, 1}, .pad_end = {1, 1}}},
          ConvolutionCase{
              {1, 4, 21, 70},
              {48, 4, 8, 1},
              {.strides = {4, 1}, .pad_begin = {2, 0}, .pad_end = {2, 0}, .activation = Activation::gelu}},
          ConvolutionCase{{1, 5, 2, 3}, {9, 5, 3, 7}, {.pad_begin = {1, 5}, .pad_end = {1, 5}}}}) {
        Graph graph;
        graph::Convolution last = op;
        last.layout = graph::Layout::channels_last;
        compare(graph, graph.add(last, {input(graph, graph::in_layout(x, last.layout)),
                                        constant(graph, weight, 0.2f),
                                        constant(graph, {weight[0]}),
                                        {}}));
    }
}

struct TransposedCase {
    Shape x;       // [n, in, h, w]
    Shape weight;  // [in, out, kernel h, kernel w]
    graph::TransposedConvolution op;
};

TEST_P(Conformance, TransposedConvolution) {
    for (const auto& [x, weight, op] :
         {TransposedCase{{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
          TransposedCase{{1, 33, 7, 9}, {33, 17, 2, 2}, {.strides = {2, 2}}},
          TransposedCase{
              {2, 24, 1, 25},
              {24, 10, 1, 8},
              {.strides = {1, 4}, .crop_begin = {0, 2}, .crop_end = {0, 1}, .activation = Activation::gelu}},
          TransposedCase{
              {1, 8, 30, 5}, {8, 4, 8, 1}, {.strides = {4, 1}, .crop_begin = {2, 0}, .crop_end = {2, 0}}},
          TransposedCase{
              {2, 24, 9, 53}, {24, 10, 4, 1}, {.strides = {4, 1}, .crop_begin = {5, 0}, .crop_end = {1, 0}}},
          TransposedCase{{3, 64, 5, 41}, {64, 21, 3, 2}, {.strides = {3, 2}}}}) {
        Graph graph;
        const TensorId bias = weight[2] == 2 ? TensorId() : constant(graph, {weight[1]});
        compare(graph, graph.add(op, {input(graph, x), constant(graph, weight, 0.2f), bias}));
        Graph last;
        graph::TransposedConvolution turned = op;
        turned.layout = graph::Layout::channels_last;
        compare(last, last.add(turned, {input(last, graph::in_layout(x, turned.layout)),
                                        constant(last, weight, 0.2f), constant(last, {weight[1]})}));
    }
}

TEST_P(Conformance, ALongTransposedConvolutionWithTheChannelsLast) {
    for (const auto& [x, weight, op] :
         {TransposedCase{
              {1, 17, 1, 501}, {17, 33, 1, 8}, {.strides = {1, 4}, .crop_begin = {0, 2}, .crop_end = {0, 3}}},
          TransposedCase{
              {1, 96, 9, 70},
              {96, 16, 8, 1},
              {.strides = {4, 1}, .crop_begin = {2, 0}, .crop_end = {2, 0}, .activation = Activation::gelu}},
          TransposedCase{{2, 6, 3, 40}, {6, 5, 2, 3}, {.strides = {3, 5}, .crop_begin = {1, 6}}}}) {
        Graph graph;
        graph::TransposedConvolution last = op;
        last.layout = graph::Layout::channels_last;
        compare(graph, graph.add(last, {input(graph, graph::in_layout(x, last.layout)),
                                        constant(graph, weight, 0.2f), constant(graph, {weight[1]})}));
    }
}

TEST_P(Conformance, ALongLineOfFewChannels) {
    const auto layout = graph::Layout::channels_last;
    for (const int64_t dilation : {1, 2}) {
        Graph graph;
        const TensorId x = graph.add(graph::Convolution{.layout = layout},
                                     {input(graph, {1, 1, 5000, 2}), constant(graph, {8, 2, 1, 1}), {}, {}});
        const TensorId y = graph.add(graph::Convolution{.dilations = {1, dilation},
                                                        .pad_begin = {0, dilation},
                                                        .pad_end = {0, dilation},
                                                        .layout = layout},
                                     {x, constant(graph, {6, 8, 1, 3}, 0.2f), constant(graph, {6}), {}});
        compare(graph, graph.add(graph::Convolution{.layout = layout},
                                 {y, constant(graph, {20, 6, 1, 1}, 0.2f), {}, {}}));
    }
    Graph graph;
    const graph::Convolution strided{.strides = {1, 4},
                                     .pad_begin = {0, 2},
                                     .pad_end = {0, 2},
                                     .activation = Activation::gelu,
                                     .layout = layout};
    compare(graph, graph.add(strided, {input(graph, {1, 1, 20000, 2}),
                                       constant(graph, {48, 2, 1, 8}, 0.2f),
                                       constant(graph, {48}),
                                       {}}));
}

// What it reads and writes is stored as products want it.
TEST_P(Conformance, ATransposedConvolutionBetweenConvolutions) {
    const auto layout = graph::Layout::channels_last;
    for (const Activation::Kind activation : {Activation::none, Activation::gelu}) {
        Graph graph;
        const TensorId x = graph.add(graph::Convolution{.layout = layout},
                                     {input(graph, {2, 5, 37, 9}), constant(graph, {24, 9, 1, 1}), {}, {}});
        const TensorId y = graph.add(graph::TransposedConvolution{.strides = {4, 1},
                                                                  .crop_begin = {2, 0},
                                                                  .crop_end = {2, 0},
                                                                  .activation = activation,
                                                                  .layout = layout},
                                     {x, constant(graph, {24, 21, 8, 1}, 0.2f), constant(graph, {21})});
        compare(graph, graph.add(graph::Convolution{.layout = layout},
                                 {y, constant(graph, {6, 21, 1, 1}, 0.2f), {}, {}}));
    }
}

TEST_P(Conformance, GatedResidual) {
    for (const auto& [n, rows, channels, in] : std::vector<std::array<int64_t, 4>>{
             {1, 1, 1, 1}, {1, 1300, 5, 3}, {3, 7, 48, 6}, {9, 33, 17, 2}, {11, 500, 33, 12}}) {
        Graph graph;
        const TensorId x = input(graph, {n, 1, rows, channels});
        const TensorId shift = constant(graph, {n, 1, rows, in}, 3);
        const TensorId hidden = graph.add(graph::Add{}, {input(graph, {n, 1, rows, in}), shift});
        const TensorId weight = constant(graph, {2 * channels, in}, 0.3f);
        const TensorId y = graph.add(graph::GatedResidual{},
                                     {x, hidden, weight, constant(graph, {2 * channels}, 2),
                                      constant(graph, {2 * channels}), constant(graph, {2 * channels})});
        compare(graph, graph.add(graph::Add{}, {y, x}));
    }
}

// A layer of a Demucs: what lies between its parts is stored as products want it.
TEST_P(Conformance, AGatedResidualBetweenConvolutions) {
    const auto layout = graph::Layout::channels_last;
    for (const int64_t samples : {1, 9}) {
        Graph graph;
        const graph::Convolution narrow{
            .dilations = {1, 2}, .pad_begin = {0, 2}, .pad_end = {0, 2}, .layout = layout};
        const graph::Convolution last{
            .pad_begin = {0, 1}, .pad_end = {0, 1}, .is_gated = true, .layout = layout};
        const TensorId song = input(graph, {samples, 1, 37, 3});
        const TensorId x = graph.add(graph::Convolution{.activation = Activation::gelu, .layout = layout},
                                     {song, constant(graph, {20, 3, 1, 1}), constant(graph, {20}), {}});
        TensorId y = graph.add(narrow, {x, constant(graph, {6, 20, 1, 3}, 0.2f), constant(graph, {6}), {}});
        y = graph.add(graph::GroupNorm{.activation = Activation::gelu, .layout = layout},
                      {y, constant(graph, {6}), constant(graph, {6})});
        y = graph.add(graph::GatedResidual{}, {x, y, constant(graph, {40, 6}, 0.4f), constant(graph, {40}),
                                               constant(graph, {40}), constant(graph, {40})});
        const TensorId summand = constant(graph, {1, 37, 20});
        y = graph.add(graph::Add{.is_narrow = true}, {y, x});
        y = graph.add(graph::Add{.is_narrow = true}, {y, summand});
        compare(graph,
                graph.add(last, {y, constant(graph, {18, 20, 1, 3}, 0.2f), constant(graph, {18}), {}}));
    }
}

// Its hidden tensor exists for some rows at a time only.
TEST_P(Conformance, AGateBehindALinearLayerInPieces) {
    Graph graph;
    const TensorId x = input(graph, {5, 1000, 7});
    TensorId y = graph.add(graph::Linear{}, {x, constant(graph, {34, 7}, 0.3f), constant(graph, {34}), {}});
    y = graph.add(graph::Glu{2}, {y});
    compare(graph, graph.add(graph::Linear{}, {y, constant(graph, {7, 17}, 0.3f), {}, x}));
}

TEST_P(Conformance, AddRepeatsItsSecondSummand) {
    for (const bool is_narrow : {false, true})
        for (const Shape& summand :
             {Shape{2, 3, 5, 7}, Shape{2, 1, 5, 1}, Shape{1, 3, 1, 7}, Shape{5, 1}, Shape{7}, Shape{1}}) {
            Graph graph;
            const TensorId a = input(graph, {2, 3, 5, 7});
            compare(graph, graph.add(graph::Add{is_narrow}, {a, input(graph, summand)}));
        }
}

TEST_P(Conformance, AResidualBlockWithChannelsLast) {
    for (const auto& [n, frames, width] :
         std::vector<std::array<int64_t, 3>>{{1, 40, 6}, {1, 3000, 33}, {9, 50, 17}, {40, 21, 16}}) {
        graph::Convolution convolution{.pad_begin = {0, 1}, .pad_end = {0, 1}};
        convolution.layout = graph::Layout::channels_last;
        graph::GroupNorm norm;
        norm.layout = graph::Layout::channels_last;
        Graph graph;
        const Shape shape = {n, 1, frames, width};
        const TensorId x = graph.add(graph::Add{}, {input(graph, shape), constant(graph, shape, 3)});
        const TensorId gain = constant(graph, {width});
        TensorId y = graph.add(norm, {x, gain, constant(graph, {width})});
        const TensorId weight = constant(graph, {10, width, 1, 3}, 0.2f);
        y = graph.add(convolution, {y, weight, constant(graph, {10}), {}});
        y = graph.add(graph::Glu{3}, {y});
        convolution.groups = 5;
        y = graph.add(convolution, {y, constant(graph, {5, 1, 1, 3}), {}, {}});
        norm.activation = Activation::silu;
        y = graph.add(norm, {y, constant(graph, {5}), {}});
        compare(graph, graph.add(graph::Linear{}, {y, constant(graph, {width, 5}, 0.3f), {}, x}));
    }
}

TEST_P(Conformance, GroupNorm) {
    for (const auto& [shape, groups] : std::vector<std::pair<Shape, int64_t>>{
             {{1, 1, 7}, 1}, {{2, 6, 5, 7}, 1}, {{2, 6, 5, 7}, 3}, {{1, 33, 9, 11}, 33}, {{3, 8, 1501}, 4}})
        for (const bool is_affine : {false, true}) {
            Graph graph;
            const TensorId x = graph.add(graph::Add{}, {input(graph, shape), constant(graph, shape, 3)});
            const TensorId weight = is_affine ? constant(graph, {shape[1]}) : TensorId();
            const TensorId bias = is_affine ? constant(graph, {shape[1]}) : TensorId();
            compare(graph, graph.add(graph::GroupNorm{.groups = groups, .activation = Activation::gelu},
                                     {x, weight, bias}));
        }
}

TEST_P(Conformance, GroupNormWithTheChannelsLast) {
    for (const auto& [shape, groups] : std::vector<std::pair<Shape, int64_t>>{{{1, 7, 1}, 1},
                                                                              {{2, 5, 7, 6}, 3},
                                                                              {{1, 9, 11, 33}, 33},
                                                                              {{3, 1501, 8}, 4},
                                                                              {{2, 1, 1501, 6}, 1},
                                                                              {{9, 1, 77, 12}, 1},
                                                                              {{1, 40, 50, 24}, 24}})
        for (const bool is_affine : {false, true}) {
            Graph graph;
            const TensorId x = graph.add(graph::Add{}, {input(graph, shape), constant(graph, shape, 3)});
            const TensorId weight = is_affine ? constant(graph, {shape.back()}) : TensorId();
            const TensorId bias = is_affine ? constant(graph, {shape.back()}) : TensorId();
            const graph::GroupNorm op{
                .groups = groups, .activation = Activation::relu, .layout = graph::Layout::channels_last};
            compare(graph, graph.add(op, {x, weight, bias}));
        }
}

TEST_P(Conformance, AChainWithTheChannelsLast) {
    const auto layout = graph::Layout::channels_last;
    const graph::Convolution square{.pad_begin = {1, 1}, .pad_end = {1, 1}, .layout = layout};
    Graph graph;
    const TensorId song = input(graph, {1, 6, 10, 3});
    const TensorId x = graph.add(graph::Convolution{.layout = layout},
                                 {song, constant(graph, {17, 3, 1, 1}), constant(graph, {17}), {}});
    TensorId y = graph.add(graph::ChannelAffine{Activation::gelu, layout},
                           {x, constant(graph, {17}), constant(graph, {17})});
    y = graph.add(square, {y, constant(graph, {17, 17, 3, 3}, 0.1f), {}, x});
    const TensorId normed = graph.add(graph::GroupNorm{.groups = 17, .layout = layout}, {y, {}, {}});
    y = graph.add(graph::ColumnLinear{}, {normed, constant(graph, {10, 10}, 0.3f), y});
    y = graph.add(graph::Concat{3}, {song, y, graph.add(graph::Multiply{}, {y, x})});
    y = graph.add(
        graph::TransposedConvolution{.strides = {2, 2}, .layout = layout},
        {graph.add(graph::Activate{Activation::silu}, {y}), constant(graph, {37, 5, 2, 2}, 0.2f), {}});
    compare(graph, graph.add(graph::Slice{3, 1, 4}, {y}));
}

TEST_P(Conformance, ColumnLinear) {
    for (const bool has_residual : {false, true})
        for (const auto& [matrices, in, out, columns] :
             std::vector<std::array<int64_t, 4>>{{1, 1, 1, 3}, {5, 33, 7, 19}, {9, 16, 64, 24}}) {
            Graph graph;
            const TensorId residual = has_residual ? input(graph, {matrices, out, columns}) : TensorId();
            const TensorId x =
                graph.add(graph::ChannelAffine{Activation::none, graph::Layout::channels_last},
                          {input(graph, {1, matrices, in, columns}), constant(graph, {columns}), {}});
            const TensorId shaped = graph.add(graph::Reshape{{matrices, in, columns}}, {x});
            compare(graph, graph.add(graph::ColumnLinear{}, {shaped, constant(graph, {out, in}), residual}));
        }
}

TEST_P(Conformance, ChannelAffine) {
    for (const bool has_shift : {false, true}) {
        Graph graph;
        const TensorId shift = has_shift ? constant(graph, {5}) : TensorId();
        compare(graph, graph.add(graph::ChannelAffine{Activation::relu},
                                 {input(graph, {2, 5, 3, 7}), constant(graph, {5}), shift}));
    }
}

TEST_P(Conformance, EveryActivationByItselfAndBehindALinearLayer) {
    for (const Activation& activation :
         {Activation(), Activation(Activation::gelu), Activation(Activation::tanh),
          Activation(Activation::relu), Activation(Activation::elu, 0.3f), Activation(Activation::silu),
          Activation(Activation::sigmoid)}) {
        Graph alone;
        compare(alone, alone.add(graph::Activate{activation}, {input(alone, {3, 5001})}));
        Graph behind;
        compare(behind, behind.add(graph::Linear{activation},
                                   {input(behind, {9, 7}), constant(behind, {33, 7}), {}, {}}));
    }
}

TEST_P(Conformance, MultiplyRepeatsItsSecondFactor) {
    for (const Shape& factor :
         {Shape{2, 3, 5, 7}, Shape{2, 1, 5, 1}, Shape{1, 3, 1, 7}, Shape{5, 1}, Shape{7}, Shape{1}}) {
        Graph graph;
        const TensorId a = input(graph, {2, 3, 5, 7});
        compare(graph, graph.add(graph::Multiply{}, {a, input(graph, factor)}));
    }
}

TEST_P(Conformance, PermutePadAndConcatAlongAnyAxis) {
    Graph graph;
    TensorId x = input(graph, {2, 3, 5, 7});
    x = graph.add(graph::Permute{{3, 0, 2, 1}}, {x});                                  // [7, 2, 5, 3]
    const TensorId padded = graph.add(graph::Pad{{0, 1, -2, 2}, {0, 0, 3, -1}}, {x});  // [7, 3, 6, 4]
    const TensorId cropped = graph.add(graph::Pad{{0, -1, 0, 0}, {0, 0, 0, 0}}, {padded});
    const TensorId joined = graph.add(graph::Concat{1}, {padded, cropped});  // [7, 5, 6, 4]
    compare(graph, graph.add(graph::Permute{{1, 3, 0, 2}}, {joined}));
}

TEST_P(Conformance, PadInFrontOfWholeRows) {
    for (const graph::Pad& pad :
         {graph::Pad{{2, 0, 0, 0}, {1, 0, 0, 0}}, graph::Pad{{1, -2, 0, 0}, {0, 4, 0, 0}},
          graph::Pad{{0, 0, 0, 0}, {0, 0, 0, 0}}}) {
        Graph graph;
        compare(graph, graph.add(pad, {input(graph, {2, 5, 3, 2})}));
    }
}

TEST_P(Conformance, ComplexMultiply) {
    Graph graph;
    const TensorId a = input(graph, {3, 7, 2});
    compare(graph, graph.add(graph::ComplexMultiply{}, {a, input(graph, {3, 7, 2})}));
}

TEST_P(Conformance, ARunThatIsStoppedSaysSo) {
    Graph graph;
    graph.add_output(graph.add(graph::RmsNorm{}, {input(graph, {9, 4}), constant(graph, {4})}));
    const auto executable = GetParam().backend->compile(graph, GetParam().backend->plan(graph));
    std::vector<float> output(36);
    const std::vector<std::span<const float>> inputs = {inputs_[0]};
    const std::vector<std::span<float>> outputs = {output};
    std::stop_source stop;
    stop.request_stop();
    try {
        executable->run(inputs, outputs, {.stop = stop.get_token()});
        FAIL() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

TEST_P(Conformance, ProgressGrowsToOne) {
    Graph graph;
    TensorId x = input(graph, {5000, 8});
    for (int i = 0; i < 3; ++i) x = graph.add(graph::Linear{}, {x, constant(graph, {8, 8}), {}, {}});
    graph.add_output(x);
    const auto executable = GetParam().backend->compile(graph, GetParam().backend->plan(graph));
    std::vector<float> output(40000);
    const std::vector<std::span<const float>> inputs = {inputs_[0]};
    const std::vector<std::span<float>> outputs = {output};
    double last = 0;
    int calls = 0;
    executable->run(inputs, outputs, {.on_progress = [&](double fraction) {
                        EXPECT_GE(fraction, last);
                        last = fraction;
                        ++calls;
                    }});
    EXPECT_EQ(last, 1.0);
    EXPECT_GE(calls, 3);
}

INSTANTIATE_TEST_SUITE_P(EveryBackend, Conformance, ::testing::ValuesIn(candidates()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace msst::backend
