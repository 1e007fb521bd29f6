// A few channels of one sequence at a time: they are copied to lie side by side with zeros around them, so
// that the vector loop knows no ends and every number is fetched from far away only once.
#include <algorithm>

#include <omp.h>

#include "backend/cpu/channel_convolution.h"
#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {
namespace {

constexpr int64_t kBlock = ChannelConvolution::kChannels;

class DepthwiseConvolutionKernel final : public Kernel {
public:
    DepthwiseConvolutionKernel(const graph::DepthwiseConvolution& op, const KernelContext& c)
        : length_(c.shape(0)[op.axis]),
          lanes_(c.shape(0)[1 - op.axis]),
          channels_(c.shape(0)[2]),
          stride_(op.axis == 0 ? lanes_ * channels_ : channels_),
          lane_stride_(op.axis == 0 ? channels_ : length_ * channels_),
          kernel_(c.shape(1)[1]),
          has_silu_(op.activation.kind == graph::Activation::silu),
          threads_(c.threads),
          x_(c.floats(0)),
          y_(c.output) {
        arrange_weights(c.floats(1), c.floats(2));
        sequences_.assign(threads_, std::vector<float>((length_ + kernel_ - 1) * kBlock, 0.0f));
    }

    void run(const std::stop_token& stop) override {
#pragma omp parallel for num_threads(threads_)
        for (int64_t lane = 0; lane < lanes_; ++lane)
            if (!stop.stop_requested()) run_lane(sequences_[omp_get_thread_num()], lane * lane_stride_);
    }

private:
    // Blocks of channels, each [kernel, kBlock] and [kBlock]; zeros fill the last one.
    void arrange_weights(const float* weight, const float* bias) {
        const int64_t blocks = (channels_ + kBlock - 1) / kBlock;
        weights_.assign(blocks * kernel_ * kBlock, 0.0f);
        biases_.assign(blocks * kBlock, 0.0f);
        std::copy_n(bias, channels_, biases_.begin());
        for (int64_t channel = 0; channel < channels_; ++channel)
            for (int64_t k = 0; k < kernel_; ++k)
                weights_[(channel / kBlock * kernel_ + k) * kBlock + channel % kBlock] =
                    weight[channel * kernel_ + k];
    }

    void run_lane(std::vector<float>& sequence, int64_t start) {
        for (int64_t first = 0; first < channels_; first += kBlock) {
            const int64_t count = std::min(kBlock, channels_ - first);
            for (int64_t i = 0; i < length_; ++i)
                std::copy_n(x_ + start + i * stride_ + first, count,
                            sequence.data() + (kernel_ / 2 + i) * kBlock);
            convolve_channels({.x = sequence.data(),
                               .weight = weights_.data() + first * kernel_,
                               .bias = biases_.data() + first,
                               .rows = length_,
                               .kernel = kernel_,
                               .count = count,
                               .has_silu = has_silu_},
                              y_.at(start + first), stride_);
        }
    }

    int64_t length_;
    int64_t lanes_;
    int64_t channels_;
    int64_t stride_;       // elements from one position of a sequence to the next
    int64_t lane_stride_;  // from one sequence to the next
    int64_t kernel_;
    bool has_silu_;
    int threads_;
    const float* x_;
    Buffer y_;
    std::vector<float> weights_;
    std::vector<float> biases_;
    std::vector<std::vector<float>> sequences_;  // one per thread, [kernel - 1 + length, kBlock]
};

}  // namespace

std::unique_ptr<Kernel> make(const graph::DepthwiseConvolution& op, const KernelContext& context) {
    return std::make_unique<DepthwiseConvolutionKernel>(op, context);
}

}  // namespace msst::backend::cpu
