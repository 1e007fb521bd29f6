#include <algorithm>

#include "backend/cpu/kernel.h"
#include "backend/cpu/row_groups.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

class RmsNormKernel final : public Kernel {
public:
    RmsNormKernel(const graph::RmsNorm& op, const KernelContext& c)
        : floor_(op.floor),
          epsilon_(op.epsilon),
          rows_(rows_of(c.graph, c.node)),
          width_(c.output_shape().back()),
          threads_(c.threads),
          x_(c.inputs[0]),
          gamma_(c.floats(1)),
          y_(c.output) {}

    void run(const std::stop_token&) override { run_rows(0, rows_); }

    void run_rows(int64_t first, int64_t count) override {
        const Buffer x = x_.from_row(first, width_);
        const Buffer y = y_.from_row(first, width_);
#pragma omp parallel for num_threads(threads_)
        for (int64_t row = 0; row < count; ++row)
            rms_norm_row(x.at(row * width_).floats(), gamma_, width_, floor_, epsilon_, y.at(row * width_));
    }

private:
    float floor_;
    float epsilon_;
    int64_t rows_;
    int64_t width_;
    int threads_;
    Buffer x_;
    const float* gamma_;
    Buffer y_;
};

class LayerNormKernel final : public Kernel {
public:
    LayerNormKernel(const graph::LayerNorm& op, const KernelContext& c)
        : epsilon_(op.epsilon),
          rows_(rows_of(c.graph, c.node)),
          width_(c.output_shape().back()),
          threads_(c.threads),
          x_(c.inputs[0]),
          gain_(c.floats(1)),
          bias_(c.floats(2)),
          y_(c.output) {}

    void run(const std::stop_token&) override { run_rows(0, rows_); }

    void run_rows(int64_t first, int64_t count) override {
        const Buffer x = x_.from_row(first, width_);
        const Buffer y = y_.from_row(first, width_);
#pragma omp parallel for num_threads(threads_)
        for (int64_t row = 0; row < count; ++row)
            layer_norm_row(x.at(row * width_).floats(), gain_, bias_, width_, epsilon_, y.at(row * width_));
    }

private:
    float epsilon_;
    int64_t rows_;
    int64_t width_;
    int threads_;
    Buffer x_;
    const float* gain_;
    const float* bias_;
    Buffer y_;
};

}  // namespace

std::unique_ptr<Kernel> make(const graph::LayerNorm& op, const KernelContext& context) {
    return std::make_unique<LayerNormKernel>(op, context);
}

std::unique_ptr<Kernel> make(const graph::RmsNorm& op, const KernelContext& context) {
    return std::make_unique<RmsNormKernel>(op, context);
}

std::unique_ptr<Kernel> make(const graph::BandNorm& op, const KernelContext& c) {
    const int64_t rows = c.output_shape()[0];
    const int64_t width = c.output_shape()[1];
    return make_loop([widths = op.widths, epsilon = op.epsilon, rows, width, threads = c.threads,
                      x = c.floats(0), gamma = c.floats(1), y = c.output] {
        constexpr float kFloor = 1e-12f;
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; ++row) {
            int64_t at = 0;
            for (const int64_t band : widths) {
                rms_norm_row(x + row * width + at, gamma + at, band, kFloor, epsilon, y.at(row * width + at));
                at += band;
            }
        }
    });
}

}  // namespace msst::backend::cpu
