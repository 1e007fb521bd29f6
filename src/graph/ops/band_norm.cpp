#include "graph/ops/band_norm.h"

namespace msst::graph {

Shape BandNorm::infer(InputShapes inputs) const {
    int64_t width = 0;
    for (const int64_t band : widths) width += band;
    require_shapes(
        inputs.size() == 2 && inputs[0].size() == 2 && inputs[0][1] == width && inputs[1] == Shape{width},
        kName, inputs);
    return inputs[0];
}

double BandNorm::flops(InputShapes, const Shape& output) const {
    return 4.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
