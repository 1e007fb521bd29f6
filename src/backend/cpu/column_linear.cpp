// The matrices of x are oneDNN's right factors as they are: with the channels last, a linear layer along the
// axis before them needs no transposition. Every thread multiplies matrices of its own; oneDNN packs a right
// factor into its own memory on the way, which costs little at the sizes of a network (one core, bfloat16:
// 168 to 209 of 194 GFLOP/s that a large product with packed weights reaches; float32 80 to 105 of 105).
#include <memory>
#include <unordered_map>
#include <vector>

#include <omp.h>

#include "backend/cpu/kernel.h"
#include "backend/cpu/onednn.h"

namespace msst::backend::cpu {
namespace {

using dnnl::memory;
using graph::ColumnLinear;

memory::desc matrix(int64_t rows, int64_t columns, Storage storage) {
    return {{rows, columns}, type_of(storage), memory::format_tag::ab};
}

class ColumnLinearKernel final : public Kernel {
public:
    explicit ColumnLinearKernel(const KernelContext& c)
        : in_(c.shape(ColumnLinear::kWeight)[1]),
          out_(c.shape(ColumnLinear::kWeight)[0]),
          columns_(c.output_shape().back()),
          matrices_(graph::elements(c.output_shape()) / (out_ * columns_)),
          threads_(c.threads),
          x_(c.inputs[ColumnLinear::kX]),
          residual_(c.inputs[ColumnLinear::kResidual]),
          y_(c.output),
          bring_residual_(flat(graph::elements(c.output_shape()), residual_.storage),
                          flat(graph::elements(c.output_shape()), y_.storage)) {
        dnnl_check("prepare a product", [&] { prepare(c.floats(ColumnLinear::kWeight)); });
    }

    void run(const std::stop_token&) override {
        // The planner mostly gives y the residual's own memory.
        if (residual_.data && residual_.data != y_.data) bring_residual_.run(residual_.data, y_.data);
#pragma omp parallel for num_threads(threads_)
        for (int64_t i = 0; i < matrices_; ++i) {
            Lane& lane = *lanes_[omp_get_thread_num()];
            lane.x.set_data_handle(x_.at(i * in_ * columns_).data);
            lane.y.set_data_handle(y_.at(i * out_ * columns_).data);
            lane.call.run();
        }
    }

private:
    // What one thread multiplies with.
    struct Lane {
        memory x;
        memory y;
        PreparedCall call;
    };

    void prepare(const float* weight) {
        dnnl::post_ops ops;
        if (residual_.data) ops.append_sum(1.0f);
        dnnl::primitive_attr attributes = with_user_scratch();
        attributes.set_post_ops(ops);
        const memory::desc left = matrix(out_, in_, x_.storage);
        const memory::desc right = matrix(in_, columns_, x_.storage);
        const memory::desc result = matrix(out_, columns_, y_.storage);
        const dnnl::matmul::primitive_desc description({left, right, result}, attributes, processor());
        const dnnl::matmul product(description);
        weight_ = memory(left, processor());
        Reorder(matrix(out_, in_, Storage::float32), left)
            .run(reinterpret_cast<std::byte*>(const_cast<float*>(weight)),
                 static_cast<std::byte*>(weight_.get_data_handle()));
        for (int t = 0; t < threads_; ++t) {
            lanes_.push_back(std::make_unique<Lane>());
            Lane& lane = *lanes_.back();
            lane.x = memory(right, processor(), nullptr);
            lane.y = memory(result, processor(), nullptr);
            lane.call = {product,
                         {{DNNL_ARG_SRC, weight_},
                          {DNNL_ARG_WEIGHTS, lane.x},
                          {DNNL_ARG_DST, lane.y},
                          {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), processor())}}};
        }
    }

    int64_t in_;
    int64_t out_;
    int64_t columns_;
    int64_t matrices_;
    int threads_;
    Buffer x_;
    Buffer residual_;
    Buffer y_;
    Reorder bring_residual_;
    memory weight_;
    std::vector<std::unique_ptr<Lane>> lanes_;  // per thread
};

}  // namespace

std::unique_ptr<Kernel> make(const ColumnLinear&, const KernelContext& context) {
    return std::make_unique<ColumnLinearKernel>(context);
}

}  // namespace msst::backend::cpu
