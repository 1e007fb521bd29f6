#pragma once

#include <array>
#include <memory>

#include "backend/cpu/storage.h"
#include "graph/activation.h"
#include "graph/shape.h"

namespace msst::backend::cpu {

// Both directions of a convolution as oneDNN takes them.
struct ConvolutionShape {
    bool is_transposed = false;
    graph::Shape x;       // [n, in, h, w]
    graph::Shape weight;  // [out, in / groups, kernel h, kernel w], transposed: [in, out, kernel h, kernel w]
    graph::Shape y;       // [n, out, h', w']
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 2> begin = {0, 0};  // padding, transposed: cropping
    std::array<int64_t, 2> end = {0, 0};
    int64_t groups = 1;
    Storage x_storage = Storage::float32;  // and of the packed weight
    Storage y_storage = Storage::float32;
    graph::Activation activation;
    bool has_bias = false;
    bool is_gated = false;     // DirectConvolution only: y has half of `out` channels, graph::Convolution
    bool accumulates = false;  // adds to what y holds, behind the activation
};

// y = activation(weight * x + bias), or y += that, by oneDNN, with the weight packed once. x and y have their
// channels last: [n, h, w, channels] in memory.
class PackedConvolution {
public:
    // weight and bias are copied; bias may be null without has_bias.
    PackedConvolution(const ConvolutionShape& shape, const float* weight, const float* bias);
    ~PackedConvolution();
    PackedConvolution(PackedConvolution&&) noexcept;

    void run(Buffer x, Buffer y);

private:
    struct Prepared;
    std::unique_ptr<Prepared> prepared_;
};

}  // namespace msst::backend::cpu
