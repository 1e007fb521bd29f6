#include <algorithm>
#include <cstring>

#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/row_groups.h"

namespace msst::backend::cpu {
namespace {

using graph::Linear;

ProductShape shape_of(const Linear& op, const KernelContext& c) {
    ProductShape shape;
    shape.rows = c.row_step;
    shape.in = shape.x_stride = c.shape(Linear::kX).back();
    shape.out = shape.y_stride = c.output_shape().back();
    shape.x_storage = c.inputs[Linear::kX].storage;
    shape.y_storage = c.output.storage;
    shape.activation = op.activation;
    shape.has_bias = c.has(Linear::kBias);
    shape.accumulates = c.has(Linear::kResidual);
    return shape;
}

class LinearKernel final : public Kernel {
public:
    LinearKernel(const Linear& op, const KernelContext& c)
        : rows_(rows_of(c.graph, c.node)),
          in_(c.shape(Linear::kX).back()),
          out_(c.output_shape().back()),
          step_(c.row_step),
          x_(c.inputs[Linear::kX]),
          residual_(c.inputs[Linear::kResidual]),
          y_(c.output),
          product_(shape_of(op, c), rows_, c.floats(Linear::kWeight), c.floats(Linear::kBias), c.scratch) {}

    void run(const std::stop_token& stop) override {
        for (int64_t first = 0; first < rows_ && !stop.stop_requested(); first += step_)
            run_rows(first, std::min(step_, rows_ - first));
    }

    void run_rows(int64_t first, int64_t count) override {
        const Buffer y = y_.from_row(first, out_);
        // The planner mostly gives y the residual's own memory.
        if (residual_.data && residual_.data != y_.data)
            std::memcpy(y.data, residual_.from_row(first, out_).data, count * out_ * sizeof(float));
        product_.run(x_.from_row(first, in_), y, count);
    }

private:
    int64_t rows_;
    int64_t in_;
    int64_t out_;
    int64_t step_;
    Buffer x_;
    Buffer residual_;
    Buffer y_;
    PackedProduct product_;
};

}  // namespace

int64_t scratch_bytes(const Linear& op, const KernelContext& context) {
    return product_scratch_bytes(shape_of(op, context), rows_of(context.graph, context.node));
}

std::unique_ptr<Kernel> make(const Linear& op, const KernelContext& context) {
    return std::make_unique<LinearKernel>(op, context);
}

}  // namespace msst::backend::cpu
