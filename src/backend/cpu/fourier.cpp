#include "backend/cpu/fourier.h"

#include <algorithm>
#include <cmath>
#include <string>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/tx.h>
}

#include "base/error.h"

namespace msst::backend::cpu {
namespace {

struct Free {
    void operator()(float* memory) const { av_free(memory); }
};

// libavutil's transforms want memory aligned for the widest vectors.
std::unique_ptr<float, Free> allocate(int64_t count) {
    auto* memory = static_cast<float*>(av_calloc(count, sizeof(float)));
    check(memory != nullptr, "no memory for a Fourier transform");
    return std::unique_ptr<float, Free>(memory);
}

}  // namespace

struct RealTransform::State {
    ~State() { av_tx_uninit(&context); }

    AVTXContext* context = nullptr;
    av_tx_fn transform = nullptr;
    Direction direction = Direction::forward;
    std::unique_ptr<float, Free> samples;
    std::unique_ptr<float, Free> spectrum;

    // Sizes that four does not divide go through a complex transform: libavutil 57 gets the real one wrong.
    int64_t complex_size = 0;
    std::unique_ptr<float, Free> complex_in;
    std::unique_ptr<float, Free> complex_out;

    void run_real() {
        const bool is_forward = direction == Direction::forward;
        float* from = is_forward ? samples.get() : spectrum.get();
        float* to = is_forward ? spectrum.get() : samples.get();
        transform(context, to, from, is_forward ? sizeof(float) : 2 * sizeof(float));
    }

    void run_complex() {
        const int64_t n = complex_size;
        float* in = complex_in.get();
        if (direction == Direction::forward) {
            for (int64_t i = 0; i < n; ++i) in[2 * i] = samples.get()[i], in[2 * i + 1] = 0;
        } else {
            std::copy_n(spectrum.get(), 2 * (n / 2 + 1), in);
            in[1] = 0;
            if (n % 2 == 0) in[n + 1] = 0;
            for (int64_t i = 1; 2 * i < n; ++i)
                in[2 * (n - i)] = in[2 * i], in[2 * (n - i) + 1] = -in[2 * i + 1];
        }
        transform(context, complex_out.get(), in, 2 * sizeof(float));
        if (direction == Direction::forward)
            std::copy_n(complex_out.get(), 2 * (n / 2 + 1), spectrum.get());
        else
            for (int64_t i = 0; i < n; ++i) samples.get()[i] = complex_out.get()[2 * i];
    }
};

RealTransform::RealTransform(int64_t size, Direction direction) : state_(std::make_unique<State>()) {
    const float scale = 1.0f;
    state_->direction = direction;
    const bool is_complex = size % 4 != 0;
    const int status =
        av_tx_init(&state_->context, &state_->transform, is_complex ? AV_TX_FLOAT_FFT : AV_TX_FLOAT_RDFT,
                   direction == Direction::inverse, static_cast<int>(size), &scale, 0);
    if (status < 0)
        throw Error(ErrorCode::invalid_input,
                    "Fourier transforms of " + std::to_string(size) + " samples are not supported");
    state_->samples = allocate(size);
    state_->spectrum = allocate(size + 2);
    if (!is_complex) return;
    state_->complex_size = size;
    state_->complex_in = allocate(2 * size);
    state_->complex_out = allocate(2 * size);
}

RealTransform::~RealTransform() = default;
RealTransform::RealTransform(RealTransform&&) noexcept = default;

float* RealTransform::samples() {
    return state_->samples.get();
}
float* RealTransform::spectrum() {
    return state_->spectrum.get();
}

void RealTransform::run() {
    if (state_->complex_size > 0)
        state_->run_complex();
    else
        state_->run_real();
}

std::vector<float> padded_window(const graph::StftFrame& frame) {
    std::vector<float> window(frame.n_fft, 0.0f);
    const int64_t left = (frame.n_fft - frame.window_length) / 2;
    for (int64_t i = 0; i < frame.window_length; ++i) {
        const double turn = 2.0 * M_PI * static_cast<double>(i) / static_cast<double>(frame.window_length);
        window[left + i] =
            frame.window == graph::Window::hann ? static_cast<float>(0.5 - 0.5 * std::cos(turn)) : 1.0f;
    }
    return window;
}

}  // namespace msst::backend::cpu
