#include "backend/cpu/convolution.h"

#include "backend/cpu/channels_last.h"
#include "backend/cpu/kernel.h"
#include "backend/cpu/onednn.h"
#include "backend/cpu/packed_convolution.h"

namespace msst::backend::cpu {
namespace {

using dnnl::memory;
using graph::Convolution;
using graph::Shape;
using graph::TransposedConvolution;

memory::desc rows(const Shape& shape, Storage storage) {
    return {shape, type_of(storage), memory::format_tag::nchw};
}

memory::desc channels_last(const Shape& shape, Storage storage) {
    return {shape, type_of(storage), memory::format_tag::nhwc};
}

// oneDNN convolves fastest where the channels lie together, so x is brought there and y back.
class ConvolutionKernel final : public Kernel {
public:
    ConvolutionKernel(const ConvolutionShape& shape, const KernelContext& c, Buffer residual)
        : x_(c.inputs[0]),
          residual_(residual),
          y_(c.output),
          x_copy_{c.scratch, shape.x_storage},
          y_copy_{c.scratch + copy_bytes(shape.x, shape.x_storage), shape.y_storage},
          bring_x_(rows(shape.x, x_.storage), channels_last(shape.x, shape.x_storage)),
          bring_residual_(rows(shape.y, y_.storage), channels_last(shape.y, shape.y_storage)),
          take_y_(channels_last(shape.y, shape.y_storage), rows(shape.y, y_.storage)),
          convolution_(shape, c.floats(1), c.floats(2)) {}

    void run(const std::stop_token&) override {
        bring_x_.run(x_.data, x_copy_.data);
        if (residual_.data) bring_residual_.run(residual_.data, y_copy_.data);
        convolution_.run(x_copy_, y_copy_);
        take_y_.run(y_copy_.data, y_.data);
    }

private:
    Buffer x_;
    Buffer residual_;
    Buffer y_;
    Buffer x_copy_;
    Buffer y_copy_;
    Reorder bring_x_;
    Reorder bring_residual_;
    Reorder take_y_;
    PackedConvolution convolution_;
};

ConvolutionShape shape_of(const KernelContext& c) {
    ConvolutionShape shape;
    shape.x = c.shape(0);
    shape.weight = c.shape(1);
    shape.y = c.output_shape();
    shape.x_storage = c.products;
    shape.has_bias = c.has(2);
    return shape;
}

}  // namespace

std::unique_ptr<Kernel> make(const Convolution& op, const KernelContext& c) {
    if (op.layout == graph::Layout::channels_last) return make_channels_last(op, c);
    ConvolutionShape shape = shape_of(c);
    shape.strides = op.strides;
    shape.dilations = op.dilations;
    shape.begin = op.pad_begin;
    shape.end = op.pad_end;
    shape.groups = op.groups;
    shape.activation = op.activation;
    shape.accumulates = c.has(Convolution::kResidual);
    return std::make_unique<ConvolutionKernel>(shape, c, c.inputs[Convolution::kResidual]);
}

std::unique_ptr<Kernel> make(const TransposedConvolution& op, const KernelContext& c) {
    if (op.layout == graph::Layout::channels_last) return make_channels_last(op, c);
    ConvolutionShape shape = shape_of(c);
    shape.is_transposed = true;
    shape.strides = op.strides;
    shape.begin = op.crop_begin;
    shape.end = op.crop_end;
    shape.activation = op.activation;
    return std::make_unique<ConvolutionKernel>(shape, c, Buffer());
}

int64_t convolution_scratch_bytes(const graph::Graph& graph, const graph::Node& node) {
    const auto* forward = std::get_if<Convolution>(&node.op);
    const graph::Layout layout = forward ? forward->layout : std::get<TransposedConvolution>(node.op).layout;
    if (layout == graph::Layout::channels_last) {
        const int64_t wide = forward && forward->is_gated ? 2 : 0;  // what waits for its gate
        return copy_bytes(graph.shape(node.inputs[0]), Storage::bfloat16) +
               wide * copy_bytes(graph.shape(node.output), Storage::float32);
    }
    return copy_bytes(graph.shape(node.inputs[0]), Storage::float32) +
           copy_bytes(graph.shape(node.output), Storage::float32);
}

}  // namespace msst::backend::cpu
