// Real Fourier transforms along an axis that is not the last: channels lie side by side, so that one vector
// transforms many of them, and two vectors of real channels are the two parts of one complex transform. A
// block of them goes through cache-sized memory of its own. No library takes part: libavutil's transforms
// know few prime factors and one column at a time.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <omp.h>

#include "backend/cpu/column_fourier.h"
#include "backend/cpu/kernel.h"
#include "graph/axis_view.h"

namespace msst::backend::cpu {
namespace {

using graph::AxisView;
using graph::view_axis;

constexpr int64_t kPoint = ColumnFourier::kPoint;  // channels of a block

// What both directions share: blocks of channels, one at a time per thread.
class AxisTransform : public Kernel {
public:
    // The view of the real side and its channels; bins of the complex one.
    AxisTransform(const AxisView& real, int64_t channels, double scale, const KernelContext& c)
        : real_(real),
          channels_(channels),
          bins_(real.size / 2 + 1),
          scale_(static_cast<float>(scale)),
          x_(c.floats(0)),
          y_(c.output.floats()),
          fourier_(real.size) {
        for (int t = 0; t < c.threads; ++t)
            memory_.emplace_back(real.size * kPoint + fourier_.scratch_floats());
    }

    void run(const std::stop_token&) override {
        const int64_t blocks = (channels_ + kPoint - 1) / kPoint;
        const int64_t rows = real_.after / channels_;
        const int64_t jobs = real_.before * rows * blocks;
#pragma omp parallel for num_threads(std::ssize(memory_))
        for (int64_t job = 0; job < jobs; ++job) {
            const int64_t first = job % blocks * kPoint;
            float* data = memory_[omp_get_thread_num()].data();
            transform({job / blocks / rows, job / blocks % rows, first, std::min(kPoint, channels_ - first)},
                      data, data + real_.size * kPoint);
        }
    }

protected:
    struct Block {
        int64_t before;
        int64_t row;
        int64_t first;  // channel
        int64_t count;  // of channels
    };

    virtual void transform(const Block& block, float* data, float* scratch) const = 0;

    int64_t real_at(const Block& b, int64_t t) const {
        return real_.at(b.before, t, b.row * channels_ + b.first);
    }
    int64_t complex_at(const Block& b, int64_t bin) const {
        return ((b.before * bins_ + bin) * real_.after + b.row * channels_) * 2 + b.first;
    }
    int64_t mirror(int64_t bin) const {
        return bin == 0 ? 0 : real_.size - bin;
    }

    AxisView real_;
    int64_t channels_;
    int64_t bins_;
    float scale_;
    const float* x_;
    float* y_;
    ColumnFourier fourier_;

private:
    std::vector<std::vector<float>> memory_;  // per thread
};

// With z = a + i b of real a and b: A[k] = (Z[k] + conj Z[-k]) / 2 and B[k] = (Z[k] - conj Z[-k]) / 2i.
class ForwardTransform final : public AxisTransform {
public:
    using AxisTransform::AxisTransform;

private:
    void transform(const Block& block, float* data, float* scratch) const override {
        for (int64_t t = 0; t < real_.size; ++t) {
            float* point = data + t * kPoint;
            std::memcpy(point, x_ + real_at(block, t), block.count * sizeof(float));
            std::fill(point + block.count, point + kPoint, 0.0f);
        }
        const float* result = fourier_.run(data, scratch);
        const float half = 0.5f * scale_;
        for (int64_t bin = 0; bin < bins_; ++bin) {
            const float* z = result + bin * kPoint;
            const float* m = result + mirror(bin) * kPoint;
            float re[kPoint];
            float im[kPoint];
#pragma omp simd
            for (int64_t i = 0; i < kLanes; ++i) {
                re[i] = half * (z[i] + m[i]);
                im[i] = half * (z[kLanes + i] - m[kLanes + i]);
                re[kLanes + i] = half * (z[kLanes + i] + m[kLanes + i]);
                im[kLanes + i] = half * (m[i] - z[i]);
            }
            float* y = y_ + complex_at(block, bin);
            std::memcpy(y, re, block.count * sizeof(float));
            std::memcpy(y + channels_, im, block.count * sizeof(float));
        }
    }
};

// Z[k] = A[k] + i B[k] and Z[-k] = conj A[k] + i conj B[k]; the inverse transform is the forward one with the
// parts exchanged before and after.
class InverseTransform final : public AxisTransform {
public:
    using AxisTransform::AxisTransform;

private:
    void transform(const Block& block, float* data, float* scratch) const override {
        for (int64_t bin = 0; bin < bins_; ++bin) {
            float re[kPoint] = {};
            float im[kPoint] = {};
            const float* x = x_ + complex_at(block, bin);
            std::memcpy(re, x, block.count * sizeof(float));
            if (bin > 0 && 2 * bin != real_.size) std::memcpy(im, x + channels_, block.count * sizeof(float));
            float* z = data + bin * kPoint;
            float* m = data + mirror(bin) * kPoint;
#pragma omp simd
            for (int64_t i = 0; i < kLanes; ++i) {
                m[kLanes + i] = scale_ * (re[i] + im[kLanes + i]);
                m[i] = scale_ * (re[kLanes + i] - im[i]);
                z[kLanes + i] = scale_ * (re[i] - im[kLanes + i]);
                z[i] = scale_ * (re[kLanes + i] + im[i]);
            }
        }
        const float* result = fourier_.run(data, scratch);
        for (int64_t t = 0; t < real_.size; ++t) {
            const float* point = result + t * kPoint;
            float samples[kPoint];
            std::copy_n(point + kLanes, kLanes, samples);
            std::copy_n(point, kLanes, samples + kLanes);
            std::memcpy(y_ + real_at(block, t), samples, block.count * sizeof(float));
        }
    }
};

}  // namespace

std::unique_ptr<Kernel> make(const graph::RealFft& op, const KernelContext& c) {
    const AxisView real = view_axis(c.shape(0), op.axis);
    const double scale = op.orthonormal ? 1.0 / std::sqrt(static_cast<double>(real.size)) : 1.0;
    return std::make_unique<ForwardTransform>(real, c.shape(0).back(), scale, c);
}

std::unique_ptr<Kernel> make(const graph::InverseRealFft& op, const KernelContext& c) {
    const AxisView real = view_axis(c.output_shape(), op.axis);
    const auto size = static_cast<double>(op.length);
    const double scale = op.orthonormal ? 1.0 / std::sqrt(size) : 1.0 / size;
    return std::make_unique<InverseTransform>(real, c.output_shape().back(), scale, c);
}

}  // namespace msst::backend::cpu
