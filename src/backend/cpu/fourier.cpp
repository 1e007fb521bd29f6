#include "backend/cpu/fourier.h"

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
};

RealTransform::RealTransform(int64_t size, Direction direction) : state_(std::make_unique<State>()) {
    const float scale = 1.0f;
    state_->direction = direction;
    const int status = av_tx_init(&state_->context, &state_->transform, AV_TX_FLOAT_RDFT,
                                  direction == Direction::inverse, static_cast<int>(size), &scale, 0);
    if (status < 0)
        throw Error(ErrorCode::invalid_input,
                    "Fourier transforms of " + std::to_string(size) + " samples are not supported");
    state_->samples = allocate(size);
    state_->spectrum = allocate(size + 2);
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
