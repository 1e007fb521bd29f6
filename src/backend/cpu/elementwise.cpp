#include <algorithm>
#include <vector>

#include "backend/cpu/affine_rows.h"
#include "backend/cpu/channel_rows.h"
#include "backend/cpu/channels_last.h"
#include "backend/cpu/kernel.h"
#include "backend/cpu/row_groups.h"
#include "backend/cpu/vector_kernels.h"
#include "graph/axis_view.h"

namespace msst::backend::cpu {
namespace {

constexpr int64_t kPiece = 4096;  // numbers that a thread takes at a time

Buffer as_buffer(const float* x) {
    return {reinterpret_cast<std::byte*>(const_cast<float*>(x)), Storage::float32};
}

}  // namespace

std::unique_ptr<Kernel> make(const graph::Add&, const KernelContext& c) {
    const graph::Shape& shape = c.output_shape();
    if (c.shape(1) == shape)
        return make_loop([count = graph::elements(shape), threads = c.threads, a = c.inputs[0],
                          b = c.inputs[1], y = c.output] {
#pragma omp parallel for num_threads(threads)
            for (int64_t first = 0; first < count; first += kPiece)
                add_row(a.at(first), b.at(first), std::min(kPiece, count - first), y.at(first));
        });
    // Row by row: a row of b, or one number of it for a whole row.
    const int64_t width = shape.empty() ? 1 : shape.back();
    const std::vector<int64_t> strides = graph::repeated_strides(c.shape(1), shape);
    return make_loop([shape, strides, rows = graph::elements(shape) / width, width,
                      is_spread = !strides.empty() && strides.back() == 0, threads = c.threads,
                      a = c.inputs[0], b = c.inputs[1], y = c.output] {
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; ++row) {
            int64_t rest = row;
            int64_t at = 0;
            for (size_t axis = shape.size(); axis-- > 1; rest /= shape[axis - 1])
                at += rest % shape[axis - 1] * strides[axis - 1];
            const Buffer from = a.at(row * width);
            const Buffer to = y.at(row * width);
            if (is_spread)
                shift_row(from, width, load(b, at), to);
            else
                add_row(from, b.at(at), width, to);
        }
    });
}

std::unique_ptr<Kernel> make(const graph::Activate& op, const KernelContext& c) {
    const int64_t count = graph::elements(c.output_shape());
    return make_loop([activation = op.activation, count, threads = c.threads, x = c.inputs[0], y = c.output] {
#pragma omp parallel for num_threads(threads)
        for (int64_t first = 0; first < count; first += kPiece)
            activate_row(x.at(first), std::min(kPiece, count - first), activation, y.at(first));
    });
}

std::unique_ptr<Kernel> make(const graph::ChannelAffine& op, const KernelContext& c) {
    if (op.layout == graph::Layout::channels_last) return make_channels_last(op, c);
    const int64_t channels = c.output_shape()[1];
    const int64_t rows = c.output_shape()[0] * channels;
    const int64_t behind = graph::elements(c.output_shape()) / rows;
    return make_loop([activation = op.activation, channels, rows, behind, threads = c.threads,
                      x = c.inputs[0], scale = c.floats(1), shift = c.floats(2), y = c.output] {
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; ++row)
            affine_row(x.at(row * behind), behind, scale[row % channels],
                       shift ? shift[row % channels] : 0.0f, activation, y.at(row * behind));
    });
}

std::unique_ptr<Kernel> make(const graph::Multiply&, const KernelContext& c) {
    const graph::Shape& shape = c.output_shape();
    if (c.shape(1) == shape) {
        return make_loop([count = graph::elements(shape), threads = c.threads, a = c.inputs[0],
                          b = c.inputs[1], y = c.output] {
#pragma omp parallel for num_threads(threads)
            for (int64_t first = 0; first < count; first += kPiece)
                multiply_row(a.at(first), b.at(first), std::min(kPiece, count - first), y.at(first));
        });
    }
    const int64_t width = shape.empty() ? 1 : shape.back();
    const int64_t rows = graph::elements(shape) / width;
    const std::vector<int64_t> strides = graph::repeated_strides(c.shape(1), shape);
    return make_loop([shape, strides, rows, width, threads = c.threads, a = c.floats(0), b = c.floats(1),
                      y = c.output.floats()] {
        const int64_t step = strides.empty() ? 0 : strides.back();
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; ++row) {
            int64_t rest = row;
            const float* factor = b;
            for (size_t axis = shape.size(); axis-- > 1; rest /= shape[axis - 1])
                factor += rest % shape[axis - 1] * strides[axis - 1];
            for (int64_t i = 0; i < width; ++i) y[row * width + i] = a[row * width + i] * factor[i * step];
        }
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
                    glu_row(as_buffer(from), as_buffer(from + band), band, graph::Glu::Gate::sigmoid,
                            as_buffer(to));
                    from += 2 * band;
                    to += band;
                }
            }
        });
}

namespace {

class RowGluKernel final : public Kernel {
public:
    RowGluKernel(const graph::Glu& op, const KernelContext& c)
        : gate_(op.gate),
          rows_(rows_of(c.graph, c.node)),
          width_(c.output_shape().back()),
          threads_(c.threads),
          x_(c.inputs[0]),
          y_(c.output) {}

    void run(const std::stop_token&) override { run_rows(0, rows_); }

    void run_rows(int64_t first, int64_t count) override {
        const Buffer x = x_.from_row(first, 2 * width_);
        const Buffer y = y_.from_row(first, width_);
#pragma omp parallel for num_threads(threads_)
        for (int64_t row = 0; row < count; ++row) {
            const Buffer a = x.at(2 * row * width_);
            glu_row(a, a.at(width_), width_, gate_, y.at(row * width_));
        }
    }

private:
    graph::Glu::Gate gate_;
    int64_t rows_;
    int64_t width_;
    int threads_;
    Buffer x_;
    Buffer y_;
};

}  // namespace

std::unique_ptr<Kernel> make(const graph::Glu& op, const KernelContext& c) {
    if (is_row_wise(c.graph, c.node)) return std::make_unique<RowGluKernel>(op, c);
    const graph::AxisView view = graph::view_axis(c.output_shape(), op.axis);
    const int64_t half = view.size * view.after;
    const int64_t pieces = (half + kPiece - 1) / kPiece;
    return make_loop([gate = op.gate, half, pieces, jobs = view.before * pieces, threads = c.threads,
                      x = c.inputs[0], y = c.output] {
#pragma omp parallel for num_threads(threads)
        for (int64_t job = 0; job < jobs; ++job) {
            const int64_t row = job / pieces;
            const int64_t first = job % pieces * kPiece;
            const Buffer a = x.at(2 * row * half + first);
            glu_row(a, a.at(half), std::min(kPiece, half - first), gate, y.at(row * half + first));
        }
    });
}

}  // namespace msst::backend::cpu
