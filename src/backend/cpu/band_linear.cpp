#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"

namespace msst::backend::cpu {
namespace {

using graph::BandLinear;

// One product after another, each on all threads: a band alone is work enough.
class BandLinearKernel final : public Kernel {
public:
    BandLinearKernel(const BandLinear& op, const KernelContext& c) : rows_(c.output_shape()[0]) {
        const graph::Constant& weights = c.constant(1);
        const float* bias = c.floats(2);
        int64_t first_weight = 0;
        Buffer x = c.inputs[0];
        Buffer y = c.output;
        for (size_t band = 0; band < op.in_widths.size(); ++band) {
            ProductShape shape;
            shape.rows = rows_;
            shape.in = op.in_widths[band];
            shape.out = op.out_widths[band];
            shape.x_stride = c.shape(0)[1];
            shape.y_stride = c.output_shape()[1];
            shape.x_storage = x.storage;
            shape.y_storage = y.storage;
            shape.activation = op.activation;
            shape.has_bias = true;
            // One band's weights at a time: those of all are the largest constant of a network.
            std::vector<float> weight(shape.in * shape.out);
            weights.fill_range(first_weight, weight);
            bands_.push_back({x, y, PackedProduct(shape, rows_, weight.data(), bias)});
            first_weight += std::ssize(weight);
            bias += shape.out;
            x = x.at(shape.in);
            y = y.at(shape.out);
        }
    }

    void run(const std::stop_token& stop) override {
        for (Band& band : bands_) {
            if (stop.stop_requested()) return;
            band.product.run(band.x, band.y, rows_);
        }
    }

private:
    struct Band {
        Buffer x;
        Buffer y;
        PackedProduct product;
    };

    int64_t rows_;
    std::vector<Band> bands_;
};

}  // namespace

std::unique_ptr<Kernel> make(const BandLinear& op, const KernelContext& context) {
    return std::make_unique<BandLinearKernel>(op, context);
}

}  // namespace msst::backend::cpu
