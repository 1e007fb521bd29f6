#pragma once

#include <variant>

#include "graph/ops/activate.h"
#include "graph/ops/add.h"
#include "graph/ops/attention.h"
#include "graph/ops/band_glu.h"
#include "graph/ops/band_level.h"
#include "graph/ops/band_linear.h"
#include "graph/ops/band_norm.h"
#include "graph/ops/channel_affine.h"
#include "graph/ops/column_linear.h"
#include "graph/ops/complex_multiply.h"
#include "graph/ops/concat.h"
#include "graph/ops/convolution.h"
#include "graph/ops/depthwise_convolution.h"
#include "graph/ops/gated_residual.h"
#include "graph/ops/gather.h"
#include "graph/ops/glu.h"
#include "graph/ops/group_norm.h"
#include "graph/ops/inverse_real_fft.h"
#include "graph/ops/istft.h"
#include "graph/ops/layer_norm.h"
#include "graph/ops/linear.h"
#include "graph/ops/linear_attention.h"
#include "graph/ops/local_attention.h"
#include "graph/ops/lstm.h"
#include "graph/ops/moments.h"
#include "graph/ops/multiply.h"
#include "graph/ops/pad.h"
#include "graph/ops/permute.h"
#include "graph/ops/real_fft.h"
#include "graph/ops/reshape.h"
#include "graph/ops/rms_norm.h"
#include "graph/ops/scatter_mean.h"
#include "graph/ops/slice.h"
#include "graph/ops/standardize.h"
#include "graph/ops/stft.h"
#include "graph/ops/tensor_norm.h"
#include "graph/ops/transposed_convolution.h"
#include "graph/ops/value_mix.h"

namespace msst::graph {

// Everything a network can do. A backend handles it by std::visit with one
// overload per operation, so that the compiler finds the forgotten one.
//
// Every operation has
//   kName                    for messages
//   kReusedInput             which input's memory the output may take over; -1: none
//   infer(input shapes)      the output's shape; throws Error(internal) if the inputs do not fit
//   flops(inputs, output)    floating-point operations, a multiply-add counted as two
using Op =
    std::variant<Activate, Add, Attention, BandGlu, BandLevel, BandLinear, BandNorm, ChannelAffine,
                 ColumnLinear, ComplexMultiply, Concat, Convolution, DepthwiseConvolution, GatedResidual,
                 Gather, Glu, GroupNorm, InverseRealFft, Istft, LayerNorm, Linear, LinearAttention,
                 LocalAttention, Lstm, Moments, Multiply, Pad, Permute, RealFft, Reshape, RmsNorm,
                 ScatterMean, Slice, Standardize, Stft, TensorNorm, TransposedConvolution, ValueMix>;

}  // namespace msst::graph
