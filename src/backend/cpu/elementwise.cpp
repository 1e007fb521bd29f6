#include <algorithm>

#include "backend/cpu/kernel.h"
#include "backend/cpu/vector_kernels.h"
#include "graph/axis_view.h"

namespace msst::backend::cpu {
namespace {

// Longer rows go through in pieces, so that few rows are work for all threads too.
constexpr int64_t kPiece = 4096;

Buffer as_buffer(const float* x) {
    return {reinterpret_cast<std::byte*>(const_cast<float*>(x)), Storage::float32};
}

}  // namespace

std::unique_ptr<Kernel> make(const graph::Add&, const KernelContext& c) {
    const int64_t count = graph::elements(c.output_shape());
    return make_loop([count, threads = c.threads, a = c.floats(0), b = c.floats(1), y = c.output.floats()] {
#pragma omp parallel for simd num_threads(threads)
        for (int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
    });
}

std::unique_ptr<Kernel> make(const graph::ComplexMultiply&, const KernelContext& c) {
    const int64_t count = graph::elements(c.output_shape());
    return make_loop([count, threads = c.threads, a = c.floats(0), b = c.floats(1), y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
        for (int64_t i = 0; i < count; i += 2) {
            y[i] = a[i] * b[i] - a[i + 1] * b[i + 1];
            y[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
        }
    });
}

std::unique_ptr<Kernel> make(const graph::ValueMix& op, const KernelContext& c) {
    const int64_t width = c.output_shape().back();
    const int64_t rows = graph::elements(c.output_shape()) / width;
    return make_loop([heads = op.heads, rows, width, threads = c.threads, v = c.floats(0),
                      first = c.floats(1), mix = c.floats(2), y = c.output.floats()] {
        const int64_t dim = width / heads;
#pragma omp parallel for num_threads(threads)
        for (int64_t head = 0; head < rows * heads; ++head) {
            const float weight = sigmoid(mix[head]);
            for (int64_t i = head * dim; i < (head + 1) * dim; ++i) y[i] = v[i] + weight * (first[i] - v[i]);
        }
    });
}

std::unique_ptr<Kernel> make(const graph::BandGlu& op, const KernelContext& c) {
    const int64_t rows = c.output_shape()[0];
    const int64_t width = c.output_shape()[1];
    return make_loop(
        [widths = op.widths, rows, width, threads = c.threads, x = c.floats(0), y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
            for (int64_t row = 0; row < rows; ++row) {
                const float* from = x + 2 * row * width;
                float* to = y + row * width;
                for (const int64_t band : widths) {
                    glu_row(as_buffer(from), as_buffer(from + band), band, as_buffer(to));
                    from += 2 * band;
                    to += band;
                }
            }
        });
}

std::unique_ptr<Kernel> make(const graph::Glu& op, const KernelContext& c) {
    const graph::AxisView view = graph::view_axis(c.output_shape(), op.axis);
    const int64_t half = view.size * view.after;
    const int64_t pieces = (half + kPiece - 1) / kPiece;
    return make_loop(
        [half, pieces, jobs = view.before * pieces, threads = c.threads, x = c.inputs[0], y = c.output] {
#pragma omp parallel for num_threads(threads)
            for (int64_t job = 0; job < jobs; ++job) {
                const int64_t row = job / pieces;
                const int64_t first = job % pieces * kPiece;
                const Buffer a = x.at(2 * row * half + first);
                glu_row(a, a.at(half), std::min(kPiece, half - first), y.at(row * half + first));
            }
        });
}

}  // namespace msst::backend::cpu
