#include <algorithm>
#include <optional>

#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/parallel_for.h"

namespace msst::backend::cpu {
namespace {

using graph::BandLinear;

ProductShape shape_of(const BandLinear& op, size_t band, const KernelContext& c) {
    ProductShape shape;
    shape.rows = c.output_shape()[0];
    shape.in = op.in_widths[band];
    shape.out = op.out_widths[band];
    shape.x_stride = c.shape(0)[1];
    shape.y_stride = c.output_shape()[1];
    shape.x_storage = c.inputs[0].storage;
    shape.y_storage = c.output.storage;
    shape.activation = op.activation;
    shape.has_bias = true;
    return shape;
}

// One product after another, each on all threads: a band alone is work enough.
class BandLinearKernel final : public Kernel {
public:
    BandLinearKernel(const BandLinear& op, const KernelContext& c) : rows_(c.output_shape()[0]) {
        std::vector<int64_t> first_weights;
        std::vector<int64_t> first_biases;
        int64_t weight = 0;
        int64_t x = 0;
        int64_t y = 0;
        for (size_t band = 0; band < op.in_widths.size(); ++band) {
            bands_.push_back({c.inputs[0].at(x), c.output.at(y), {}});
            first_weights.push_back(weight);
            first_biases.push_back(y);
            weight += op.in_widths[band] * op.out_widths[band];
            x += op.in_widths[band];
            y += op.out_widths[band];
        }
        parallel_for(std::ssize(bands_), c.threads, [&](int64_t band) {
            const ProductShape shape = shape_of(op, band, c);
            // One band's weights at a time: those of all are the largest constant of a network.
            std::vector<float> weights(shape.in * shape.out);
            c.constant(1).fill_range(first_weights[band], weights);
            bands_[band].product.emplace(shape, rows_, weights.data(), c.floats(2) + first_biases[band],
                                         c.scratch);
        });
    }

    void run(const std::stop_token& stop) override { run_and_report(stop, {}); }

    void run_and_report(const std::stop_token& stop, const KernelProgress& progress) override {
        for (size_t band = 0; band < bands_.size() && !stop.stop_requested(); ++band) {
            run_band(band);
            progress.report(static_cast<double>(band + 1) / static_cast<double>(bands_.size()));
        }
    }

private:
    struct Band {
        Buffer x;
        Buffer y;
        std::optional<PackedProduct> product;
    };

    void run_band(size_t band) { bands_[band].product->run(bands_[band].x, bands_[band].y, rows_); }

    int64_t rows_;
    std::vector<Band> bands_;
};

}  // namespace

int64_t scratch_bytes(const BandLinear& op, const KernelContext& context) {
    int64_t bytes = 0;
    for (size_t band = 0; band < op.in_widths.size(); ++band) {
        const ProductShape shape = shape_of(op, band, context);
        bytes = std::max(bytes, product_scratch_bytes(shape, shape.rows));
    }
    return bytes;
}

std::unique_ptr<Kernel> make(const BandLinear& op, const KernelContext& context) {
    return std::make_unique<BandLinearKernel>(op, context);
}

}  // namespace msst::backend::cpu
