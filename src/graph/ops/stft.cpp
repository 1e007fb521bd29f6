#include "graph/ops/stft.h"

#include <cmath>

namespace msst::graph {

Shape Stft::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && inputs[0].size() == 2 && inputs[0][1] > frame.n_fft / 2, kName,
                   inputs);
    require_shapes(
        frame.n_fft >= 2 && frame.n_fft % 2 == 0 && frame.hop >= 1 && frame.window_length <= frame.n_fft,
        kName, inputs);
    return {1 + inputs[0][1] / frame.hop, frame.bins(), inputs[0][0], 2};
}

double Stft::flops(InputShapes, const Shape& output) const {
    return 2.5 * static_cast<double>(output[0] * output[2] * frame.n_fft) *
           std::log2(static_cast<double>(frame.n_fft));
}

}  // namespace msst::graph
