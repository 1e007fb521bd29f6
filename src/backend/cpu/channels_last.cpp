#include "backend/cpu/channels_last.h"

#include <algorithm>
#include <cmath>

#include <omp.h>

#include "backend/cpu/channel_norm.h"
#include "backend/cpu/channel_rows.h"
#include "backend/cpu/direct_convolution.h"
#include "backend/cpu/onednn.h"
#include "backend/cpu/packed_convolution.h"
#include "backend/cpu/tile_convolution.h"
#include "backend/cpu/upsampling.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

using graph::Convolution;
using graph::GroupNorm;
using graph::Shape;
using graph::TransposedConvolution;

Reorder residual_copy(const ConvolutionShape& shape, Buffer residual, Buffer y) {
    const int64_t count = graph::elements(shape.y);
    return {flat(count, residual.storage), flat(count, y.storage)};
}

Factor factor_of(const ConvolutionShape& shape, const KernelContext& c) {
    return {c.inputs[0], graph::elements(shape.x), shape.x_storage, c.scratch};
}

class DirectConvolutionKernel final : public Kernel {
public:
    DirectConvolutionKernel(const ConvolutionShape& shape, const KernelContext& c, Buffer residual)
        : x_(factor_of(shape, c)),
          residual_(residual),
          y_(c.output),
          bring_residual_(residual_copy(shape, residual, c.output)),
          convolution_(shape, c.floats(1), c.floats(2), c.threads) {}

    void run(const std::stop_token& stop) override {
        if (residual_.data && residual_.data != y_.data) bring_residual_.run(residual_.data, y_.data);
        convolution_.run(x_.bring(), y_, stop);
    }

private:
    Factor x_;
    Buffer residual_;
    Buffer y_;
    Reorder bring_residual_;
    DirectConvolution convolution_;
};

// oneDNN's. Only numbers that are stored otherwise than the product wants them are copied, and those that
// wait for their gate.
class ConvolutionKernel final : public Kernel {
public:
    ConvolutionKernel(const ConvolutionShape& shape, const KernelContext& c, Buffer residual)
        : x_(factor_of(shape, c)),
          residual_(residual),
          y_(c.output),
          channels_(shape.y[1]),
          rows_(graph::elements(shape.y) / channels_),
          threads_(c.threads),
          bring_residual_(residual_copy(shape, residual, c.output)),
          convolution_(with_both_halves(shape), c.floats(1), c.floats(2)) {
        if (shape.is_gated) wide_ = {c.scratch + copy_bytes(shape.x, Storage::bfloat16), y_.storage};
    }

    void run(const std::stop_token&) override {
        if (residual_.data && residual_.data != y_.data) bring_residual_.run(residual_.data, y_.data);
        convolution_.run(x_.bring(), wide_.data ? wide_ : y_);
        if (!wide_.data) return;
#pragma omp parallel for num_threads(threads_)
        for (int64_t row = 0; row < rows_; ++row) {
            const Buffer a = wide_.at(2 * row * channels_);
            glu_row(a, a.at(channels_), channels_, graph::Glu::Gate::sigmoid, y_.at(row * channels_));
        }
    }

private:
    static ConvolutionShape with_both_halves(ConvolutionShape shape) {
        if (shape.is_gated) shape.y[1] *= 2;
        return shape;
    }

    Factor x_;
    Buffer residual_;
    Buffer y_;
    Buffer wide_;  // both halves, where there is a gate
    int64_t channels_;
    int64_t rows_;
    int threads_;
    Reorder bring_residual_;
    PackedConvolution convolution_;
};

std::unique_ptr<Kernel> make_convolution(const ConvolutionShape& shape, const KernelContext& c,
                                         Buffer residual) {
    if (DirectConvolution::suits(shape)) return std::make_unique<DirectConvolutionKernel>(shape, c, residual);
    return std::make_unique<ConvolutionKernel>(shape, c, residual);
}

ConvolutionShape shape_of(const KernelContext& c) {
    ConvolutionShape shape;
    shape.x = channels_first(c.shape(0), graph::Layout::channels_last);
    shape.weight = c.shape(1);
    shape.y = channels_first(c.output_shape(), graph::Layout::channels_last);
    shape.x_storage = c.products;
    shape.y_storage = c.output.storage;
    shape.has_bias = c.has(2);
    return shape;
}

// The norm of everything of a sample. Samples that fit a thread's cache are done one by one; of fewer, larger
// ones all threads take pieces.
class GroupNormKernel final : public Kernel {
public:
    GroupNormKernel(const GroupNorm& op, const KernelContext& c)
        : op_(op),
          samples_(c.output_shape()[0]),
          channels_(c.output_shape().back()),
          rows_(graph::elements(c.output_shape()) / (samples_ * channels_)),
          piece_rows_(std::max<int64_t>(1, kPiece / channels_)),
          pieces_((rows_ + piece_rows_ - 1) / piece_rows_),
          threads_(c.threads),
          x_(c.inputs[GroupNorm::kX]),
          weight_(c.floats(GroupNorm::kWeight)),
          bias_(c.floats(GroupNorm::kBias)),
          y_(c.output),
          spreads_(samples_ * pieces_),
          scales_(samples_ * channels_),
          shifts_(samples_ * channels_) {}

    void run(const std::stop_token&) override {
        if (samples_ / 2 >= threads_) {
#pragma omp parallel for num_threads(threads_)
            for (int64_t sample = 0; sample < samples_; ++sample) {
                for (int64_t piece = 0; piece < pieces_; ++piece) measure(sample, piece);
                prepare(sample);
                for (int64_t piece = 0; piece < pieces_; ++piece) normalise(sample, piece);
            }
            return;
        }
        const int64_t jobs = samples_ * pieces_;
#pragma omp parallel num_threads(threads_)
        {
#pragma omp for
            for (int64_t job = 0; job < jobs; ++job) measure(job / pieces_, job % pieces_);
#pragma omp for
            for (int64_t sample = 0; sample < samples_; ++sample) prepare(sample);
#pragma omp for
            for (int64_t job = 0; job < jobs; ++job) normalise(job / pieces_, job % pieces_);
        }
    }

private:
    static constexpr int64_t kPiece = 8192;  // numbers

    int64_t count_of(int64_t piece) const {
        return std::min(piece_rows_, rows_ - piece * piece_rows_);
    }
    int64_t place(int64_t sample, int64_t piece) const {
        return (sample * rows_ + piece * piece_rows_) * channels_;
    }

    void measure(int64_t sample, int64_t piece) {
        spreads_[sample * pieces_ + piece] =
            spread_of(x_.at(place(sample, piece)), count_of(piece) * channels_);
    }

    void prepare(int64_t sample) {
        Spread whole;
        for (int64_t piece = 0; piece < pieces_; ++piece) whole.join(spreads_[sample * pieces_ + piece]);
        const double scale = 1.0 / std::sqrt(whole.squares / whole.count + op_.epsilon);
        for (int64_t c = 0; c < channels_; ++c) {
            const double gain = scale * (weight_ ? weight_[c] : 1.0);
            scales_[sample * channels_ + c] = static_cast<float>(gain);
            shifts_[sample * channels_ + c] =
                static_cast<float>((bias_ ? bias_[c] : 0.0) - whole.mean * gain);
        }
    }

    void normalise(int64_t sample, int64_t piece) const {
        const int64_t at = place(sample, piece);
        affine_channels(x_.at(at), count_of(piece), channels_, scales_.data() + sample * channels_,
                        shifts_.data() + sample * channels_, op_.activation, y_.at(at));
    }

    GroupNorm op_;
    int64_t samples_;
    int64_t channels_;
    int64_t rows_;  // of a sample
    int64_t piece_rows_;
    int64_t pieces_;  // of a sample
    int threads_;
    Buffer x_;
    const float* weight_;
    const float* bias_;
    Buffer y_;
    std::vector<Spread> spreads_;  // [samples, pieces]
    std::vector<float> scales_;    // [samples, channels]
    std::vector<float> shifts_;
};

}  // namespace

std::unique_ptr<Kernel> make_channels_last(const Convolution& op, const KernelContext& c) {
    if (auto kernel = make_tile_convolution(op, c)) return kernel;
    ConvolutionShape shape = shape_of(c);
    shape.strides = op.strides;
    shape.dilations = op.dilations;
    shape.begin = op.pad_begin;
    shape.end = op.pad_end;
    shape.groups = op.groups;
    if (op.groups > 1 || op.is_sensitive) shape.x_storage = Storage::float32;  // not worth the loss
    shape.activation = op.activation;
    shape.is_gated = op.is_gated;
    shape.accumulates = c.has(Convolution::kResidual);
    return make_convolution(shape, c, c.inputs[Convolution::kResidual]);
}

std::unique_ptr<Kernel> make_channels_last(const TransposedConvolution& op, const KernelContext& c) {
    if (auto kernel = make_upsampling(op, c)) return kernel;
    ConvolutionShape shape = shape_of(c);
    shape.is_transposed = true;
    shape.strides = op.strides;
    shape.begin = op.crop_begin;
    shape.end = op.crop_end;
    shape.activation = op.activation;
    return make_convolution(shape, c, Buffer());
}

std::unique_ptr<Kernel> make_channels_last(const graph::ChannelAffine& op, const KernelContext& c) {
    constexpr int64_t kPiece = 8192;  // numbers
    const int64_t channels = c.output_shape().back();
    const int64_t rows = graph::elements(c.output_shape()) / channels;
    const float* shift = c.floats(graph::ChannelAffine::kShift);
    std::vector<float> shifts(channels, 0.0f);
    if (shift) shifts.assign(shift, shift + channels);
    return make_loop([activation = op.activation, channels, rows,
                      step = std::max<int64_t>(1, kPiece / channels), shifts, threads = c.threads,
                      x = c.inputs[0], scale = c.floats(1), y = c.output] {
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; row += step)
            affine_channels(x.at(row * channels), std::min(step, rows - row), channels, scale, shifts.data(),
                            activation, y.at(row * channels));
    });
}

std::unique_ptr<Kernel> make_channels_last(const GroupNorm& op, const KernelContext& c) {
    if (op.groups > 1) return make_channel_norm(op, c);
    return std::make_unique<GroupNormKernel>(op, c);
}

}  // namespace msst::backend::cpu
