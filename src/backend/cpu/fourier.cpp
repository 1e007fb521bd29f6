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

    // libavutil's real transforms are right for multiples of 4 only; others are complex ones of [size, (re,
    // im)].
    int64_t complex_size = 0;  // 0: a real one
    std::unique_ptr<float, Free> points;
    std::unique_ptr<float, Free> turned;

    void run_complex_forward() {
        for (int64_t i = 0; i < complex_size; ++i) {
            points.get()[2 * i] = samples.get()[i];
            points.get()[2 * i + 1] = 0;
        }
        transform(context, turned.get(), points.get(), 2 * sizeof(float));
        std::copy_n(turned.get(), complex_size / 2 * 2 + 2, spectrum.get());
    }

    void run_complex_inverse() {
        const int64_t half = complex_size / 2;
        float* to = points.get();
        std::copy_n(spectrum.get(), 2 * half + 2, to);
        to[1] = to[2 * half + 1] = 0;
        for (int64_t k = 1; k < half; ++k) {
            to[2 * (complex_size - k)] = to[2 * k];
            to[2 * (complex_size - k) + 1] = -to[2 * k + 1];
        }
        transform(context, turned.get(), to, 2 * sizeof(float));
        for (int64_t i = 0; i < complex_size; ++i) samples.get()[i] = turned.get()[2 * i];
    }
};

RealTransform::RealTransform(int64_t size, Direction direction) : state_(std::make_unique<State>()) {
    const float scale = 1.0f;
    state_->direction = direction;
    if (size % 4 != 0) state_->complex_size = size;
    const AVTXType type = size % 4 != 0 ? AV_TX_FLOAT_FFT : AV_TX_FLOAT_RDFT;
    const int status = av_tx_init(&state_->context, &state_->transform, type, direction == Direction::inverse,
                                  static_cast<int>(size), &scale, 0);
    if (status < 0)
        throw Error(ErrorCode::invalid_input,
                    "Fourier transforms of " + std::to_string(size) + " samples are not supported");
    state_->samples = allocate(size);
    state_->spectrum = allocate(size + 2);
    if (state_->complex_size == 0) return;
    state_->points = allocate(2 * size);
    state_->turned = allocate(2 * size);
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
    const bool is_forward = state_->direction == Direction::forward;
    if (state_->complex_size > 0)
        return is_forward ? state_->run_complex_forward() : state_->run_complex_inverse();
    float* from = is_forward ? samples() : spectrum();
    float* to = is_forward ? spectrum() : samples();
    state_->transform(state_->context, to, from, is_forward ? sizeof(float) : 2 * sizeof(float));
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
