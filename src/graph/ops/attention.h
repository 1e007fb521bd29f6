#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Softmax attention over one of two axes, every head and every row of the other axis by itself.
//
//   inputs  qk        [a, b, *]  queries at columns q_at …, keys at k_at …, head-major: heads * head_dim each
//           v         [a, b, *]  values at columns v_at …; as many as there are keys
//           gates     [a, b, *]  optional: one number per head at gates_at …; sigmoid of it multiplies the
//           head position  rotary: [2, length, head_dim], cosines and sines per element
//                     polar:  [2, 1 + heads, length, head_dim], row 0 for queries, 1 + h for keys of head h
//           keys      [a, b, *]  optional, may be left out: the keys are here, at k_at …, and not in qk; with
//                     the values their number along the sequence may differ from that of the queries. Neither
//                     positions nor a window then
//   y       [a, b, heads * head_dim]
//
// `length` is the size of axis `sequence_axis` (0: a, 1: b). scores = q·k / sqrt(head_dim).
//
// rotary: elements 2r and 2r+1 are a pair: x'[2r] = x[2r] cos[2r] - x[2r+1] sin[2r],
//         x'[2r+1] = x[2r+1] cos[2r+1] + x[2r] sin[2r+1].
// polar:  m = softplus(x) elementwise becomes the pair (m cos, m sin), so q·k runs over 2 * head_dim numbers.
struct Attention {
    static constexpr const char* kName = "attention";
    static constexpr int kReusedInput = -1;
    enum class Position { none, rotary, polar };
    enum Input { kQk, kV, kGates, kPosition, kKeys };

    // Which input holds the keys.
    static int keys_input(InputShapes inputs) {
        return inputs.size() > kKeys && !inputs[kKeys].empty() ? kKeys : kQk;
    }

    int64_t heads = 1;
    int64_t head_dim = 1;
    int sequence_axis = 0;
    int64_t q_at = 0;
    int64_t k_at = 0;
    int64_t v_at = 0;
    int64_t gates_at = 0;
    Position position = Position::none;

    // 0: every position sees every other. Else position i sees j if |i - j| <= window, or either is below
    // `sinks`.
    int64_t window = 0;
    int64_t sinks = 0;

    bool sees(int64_t i, int64_t j) const {
        return window == 0 || i < sinks || j < sinks || (i - j <= window && j - i <= window);
    }

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
