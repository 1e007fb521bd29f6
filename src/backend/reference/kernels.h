#pragma once

#include <span>

#include "graph/op.h"

// One function per operation; what each computes is said in graph/ops/<op>.h.

namespace msst::backend::reference {

struct Operands {
    std::span<const float* const> inputs;  // null: an optional input that is not there
    graph::InputShapes shapes;
    float* output;
    const graph::Shape& output_shape;

    int64_t output_elements() const { return graph::elements(output_shape); }
    // All axes of input `i` but the last, as one.
    int64_t rows(int i) const { return graph::elements(shapes[i]) / shapes[i].back(); }
};

void run(const graph::Activate& op, const Operands& io);
void run(const graph::Add& op, const Operands& io);
void run(const graph::Attention& op, const Operands& io);
void run(const graph::BandGlu& op, const Operands& io);
void run(const graph::BandLevel& op, const Operands& io);
void run(const graph::BandLinear& op, const Operands& io);
void run(const graph::BandNorm& op, const Operands& io);
void run(const graph::ChannelAffine& op, const Operands& io);
void run(const graph::ColumnLinear& op, const Operands& io);
void run(const graph::ComplexMultiply& op, const Operands& io);
void run(const graph::Concat& op, const Operands& io);
void run(const graph::Convolution& op, const Operands& io);
void run(const graph::DepthwiseConvolution& op, const Operands& io);
void run(const graph::GatedResidual& op, const Operands& io);
void run(const graph::Gather& op, const Operands& io);
void run(const graph::Glu& op, const Operands& io);
void run(const graph::GroupNorm& op, const Operands& io);
void run(const graph::InverseRealFft& op, const Operands& io);
void run(const graph::Istft& op, const Operands& io);
void run(const graph::LayerNorm& op, const Operands& io);
void run(const graph::Linear& op, const Operands& io);
void run(const graph::LinearAttention& op, const Operands& io);
void run(const graph::LocalAttention& op, const Operands& io);
void run(const graph::Lstm& op, const Operands& io);
void run(const graph::Moments& op, const Operands& io);
void run(const graph::Multiply& op, const Operands& io);
void run(const graph::Pad& op, const Operands& io);
void run(const graph::Permute& op, const Operands& io);
void run(const graph::RealFft& op, const Operands& io);
inline void run(const graph::Reshape&, const Operands&) {}  // the output is the input
void run(const graph::RmsNorm& op, const Operands& io);
void run(const graph::ScatterMean& op, const Operands& io);
void run(const graph::Slice& op, const Operands& io);
void run(const graph::Standardize& op, const Operands& io);
void run(const graph::Stft& op, const Operands& io);
void run(const graph::TensorNorm& op, const Operands& io);
void run(const graph::TransposedConvolution& op, const Operands& io);
void run(const graph::ValueMix& op, const Operands& io);

}  // namespace msst::backend::reference
