#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::ChannelAffine& op, const Operands& io) {
    using graph::ChannelAffine;
    const bool is_last = op.layout == graph::Layout::channels_last;
    const int64_t channels = is_last ? io.output_shape.back() : io.output_shape[1];
    const int64_t behind = is_last ? 1 : io.output_elements() / (io.output_shape[0] * channels);
    const float* shift = io.inputs[ChannelAffine::kShift];
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        const int64_t channel = i / behind % channels;
        double y =
            static_cast<double>(io.inputs[ChannelAffine::kX][i]) * io.inputs[ChannelAffine::kScale][channel];
        if (shift) y += shift[channel];
        io.output[i] = static_cast<float>(activate(op.activation, y));
    }
}

}  // namespace msst::backend::reference
