// A pixel times the weights of one row of the kernel is a stretch of the output, as it lies in memory: a
// plain product, [pixels, in] by [in, kernel columns * out]. oneDNN's way, the gradient of a strided
// convolution, reaches three quarters of that speed in float32 with AVX-512 and half with AVX2.
#include "backend/cpu/upsampling.h"

#include <algorithm>
#include <array>

#include "backend/cpu/onednn.h"
#include "backend/cpu/panel_product.h"

namespace msst::backend::cpu {
namespace {

using graph::TransposedConvolution;

class UpsamplingKernel final : public Kernel {
public:
    UpsamplingKernel(const TransposedConvolution& op, const KernelContext& c)
        : samples_(c.shape(0)[0]),
          rows_(c.shape(0)[1]),
          pixels_(c.shape(0)[2]),
          in_(c.shape(0)[3]),
          kernel_rows_(op.strides[0]),
          crop_(op.crop_begin[0]),
          y_rows_(c.output_shape()[1]),
          y_row_(c.output_shape()[2] * c.output_shape()[3]),
          threads_(c.threads),
          x_(c.inputs[TransposedConvolution::kX], graph::elements(c.shape(0)), c.products, c.scratch),
          y_(c.output) {
        for (int64_t row = 0; row < kernel_rows_; ++row) prepare(row, c);
    }

    void run(const std::stop_token& stop) override {
        const Buffer x = x_.bring();
        const int64_t pixels = samples_ * rows_ * pixels_;
        const int64_t blocks = (pixels + kBlock - 1) / kBlock;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
        for (int64_t block = 0; block < blocks; ++block)
            if (!stop.stop_requested())
                run_block(x, block * kBlock, std::min(kBlock, pixels - block * kBlock));
    }

private:
    static constexpr int64_t kBlock = PanelProduct::kRowsOfBlock;

    // Pixels of one or several rows, times all rows of the kernel.
    void run_block(Buffer x, int64_t first, int64_t count) const {
        std::array<std::byte*, kBlock> y_rows;
        for (int64_t k = 0; k < kernel_rows_; ++k) {
            for (int64_t i = 0; i < count; ++i) y_rows[i] = place(first + i, k);
            products_[k].run(x.at(first * in_), count, y_.storage, y_rows.data());
        }
    }

    // Where a pixel times a row of the kernel goes; null: it is cropped.
    std::byte* place(int64_t pixel, int64_t kernel_row) const {
        const int64_t row = pixel / pixels_;
        const int64_t y_row = row % rows_ * kernel_rows_ + kernel_row - crop_;
        if (y_row < 0 || y_row >= y_rows_) return nullptr;
        return y_.at((row / rows_ * y_rows_ + y_row) * y_row_ + pixel % pixels_ * products_[kernel_row].out())
            .data;
    }

    // Of one row of the kernel: [in, out, kernel rows, kernel columns] -> [(kernel columns, out), in].
    void prepare(int64_t row, const KernelContext& c) {
        const graph::Shape& shape = c.shape(TransposedConvolution::kWeight);
        const float* weight = c.floats(TransposedConvolution::kWeight);
        const float* bias = c.floats(TransposedConvolution::kBias);
        const int64_t out = shape[1];
        const int64_t columns = shape[3];
        std::vector<float> turned;
        std::vector<float> biases;
        for (int64_t column = 0; column < columns; ++column)
            for (int64_t o = 0; o < out; ++o) {
                for (int64_t i = 0; i < in_; ++i)
                    turned.push_back(weight[((i * out + o) * kernel_rows_ + row) * columns + column]);
                biases.push_back(bias ? bias[o] : 0.0f);
            }
        products_.emplace_back(columns * out, in_, turned.data(), c.products, biases.data());
    }

    int64_t samples_;
    int64_t rows_;    // of x
    int64_t pixels_;  // of a row
    int64_t in_;
    int64_t kernel_rows_;
    int64_t crop_;  // rows of y that are left out at the beginning
    int64_t y_rows_;
    int64_t y_row_;  // elements
    int threads_;
    Factor x_;
    Buffer y_;
    std::vector<PanelProduct> products_;  // per row of the kernel
};

bool is_upsampling(const TransposedConvolution& op, const graph::Shape& weight) {
    return op.strides == std::array{weight[2], weight[3]} && op.crop_begin[1] == 0 && op.crop_end[1] == 0 &&
           op.activation.kind == graph::Activation::none;
}

}  // namespace

std::unique_ptr<Kernel> make_upsampling(const TransposedConvolution& op, const KernelContext& c) {
    if (!is_upsampling(op, c.shape(TransposedConvolution::kWeight))) return nullptr;
    if (!PanelProduct::can_have(c.products, c.shape(0).back())) return nullptr;
    if (c.products == Storage::float32 && c.inputs[0].storage != Storage::float32) return nullptr;
    return std::make_unique<UpsamplingKernel>(op, c);
}

}  // namespace msst::backend::cpu
