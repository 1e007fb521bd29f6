#include "graph/ops/band_level.h"

namespace msst::graph {

Shape BandLevel::infer(InputShapes inputs) const {
    int64_t width = 0;
    for (const int64_t band : widths) width += band;
    require_shapes(inputs.size() == 1 && inputs[0].size() == 2 && inputs[0][1] == width, kName, inputs);
    return {inputs[0][0], width + std::ssize(widths)};
}

double BandLevel::flops(InputShapes, const Shape& output) const {
    return 3.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
