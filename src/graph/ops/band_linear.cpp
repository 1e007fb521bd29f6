#include "graph/ops/band_linear.h"

namespace msst::graph {

Shape BandLinear::infer(InputShapes inputs) const {
    int64_t in = 0;
    int64_t out = 0;
    int64_t weights = 0;
    require_shapes(in_widths.size() == out_widths.size() && inputs.size() == 3, kName, inputs);
    for (size_t band = 0; band < in_widths.size(); ++band) {
        in += in_widths[band];
        out += out_widths[band];
        weights += in_widths[band] * out_widths[band];
    }
    require_shapes(
        inputs[0].size() == 2 && inputs[0][1] == in && inputs[1] == Shape{weights} && inputs[2] == Shape{out},
        kName, inputs);
    return {inputs[0][0], out};
}

double BandLinear::flops(InputShapes inputs, const Shape&) const {
    return 2.0 * static_cast<double>(inputs[0][0]) * static_cast<double>(elements(inputs[1]));
}

}  // namespace msst::graph
