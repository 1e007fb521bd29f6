#pragma once

#include "backend/cpu/storage.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {

// Some channels of a depthwise convolution: x, weight and bias in rows of kChannels, whatever is beyond
// `count` among them.
struct ChannelConvolution {
    static constexpr int64_t kChannels = 4 * kLanes;

    const float* x = nullptr;       // [rows + kernel - 1, kChannels]
    const float* weight = nullptr;  // [kernel, kChannels]
    const float* bias = nullptr;    // [kChannels]
    int64_t rows = 0;
    int64_t kernel = 0;
    int64_t count = 0;
    bool has_silu = false;
};

// y[i] = bias + sum over k of weight[k] * x[i + k], x * sigmoid(x) of that with has_silu; rows of `count`
// numbers, y_stride apart.
void convolve_channels(const ChannelConvolution& convolution, Buffer y, int64_t y_stride);

}  // namespace msst::backend::cpu
