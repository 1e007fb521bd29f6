#include <cmath>

#include "backend/reference/kernels.h"
#include "backend/reference/stft_window.h"
#include "graph/axis_view.h"

namespace msst::backend::reference {

using graph::AxisView;
using graph::view_axis;

void run(const graph::RealFft& op, const Operands& io) {
    const AxisView in = view_axis(io.shapes[0], op.axis);
    const AxisView out = view_axis(io.output_shape, op.axis);
    const Turns turn = turns(in.size);
    const double scale = op.orthonormal ? 1.0 / std::sqrt(static_cast<double>(in.size)) : 1.0;
    const int64_t channels = io.shapes[0].back();
    for (int64_t before = 0; before < in.before; ++before)
        for (int64_t bin = 0; bin < out.size; ++bin)
            for (int64_t i = 0; i < in.after; ++i) {
                double re = 0;
                double im = 0;
                for (int64_t t = 0; t < in.size; ++t) {
                    const double x = io.inputs[0][in.at(before, t, i)];
                    re += x * turn.cosine[bin * t % in.size];
                    im -= x * turn.sine[bin * t % in.size];
                }
                const int64_t at = out.at(before, bin, i / channels * 2 * channels + i % channels);
                io.output[at] = static_cast<float>(re * scale);
                io.output[at + channels] = static_cast<float>(im * scale);
            }
}

void run(const graph::InverseRealFft& op, const Operands& io) {
    const AxisView in = view_axis(io.shapes[0], op.axis);
    const AxisView out = view_axis(io.output_shape, op.axis);
    const Turns turn = turns(op.length);
    const auto length = static_cast<double>(op.length);
    const double scale = op.orthonormal ? 1.0 / std::sqrt(length) : 1.0 / length;
    const int64_t channels = io.output_shape.back();
    for (int64_t before = 0; before < in.before; ++before)
        for (int64_t t = 0; t < op.length; ++t)
            for (int64_t i = 0; i < out.after; ++i) {
                double sum = 0;
                for (int64_t bin = 0; bin < in.size; ++bin) {
                    const int64_t at = in.at(before, bin, i / channels * 2 * channels + i % channels);
                    const bool is_single = bin == 0 || 2 * bin == op.length;  // has no mirror image
                    const int64_t angle = bin * t % op.length;
                    sum += is_single ? io.inputs[0][at] * turn.cosine[angle]
                                     : 2.0 * (io.inputs[0][at] * turn.cosine[angle] -
                                              io.inputs[0][at + channels] * turn.sine[angle]);
                }
                io.output[out.at(before, t, i)] = static_cast<float>(sum * scale);
            }
}

}  // namespace msst::backend::reference
