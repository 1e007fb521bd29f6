#include "dsp/stft.h"

#include <algorithm>
#include <cmath>
#include <numbers>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/tx.h>
}

#include "base/error.h"

namespace msst::dsp {
namespace {

// Sum of the squared Hann windows that meet at a frame: 3/8 of the number of overlapping windows.
constexpr float kOverlapGain = 0.375f * kWindow / kHop;

struct FreeAv {
    void operator()(void* memory) const { av_free(memory); }
};
template <typename T>
using AvArray = std::unique_ptr<T[], FreeAv>;

// av_tx wants its buffers aligned for the widest vectors.
template <typename T>
AvArray<T> make_array(size_t count) {
    auto* memory = static_cast<T*>(av_calloc(count, sizeof(T)));
    check(memory != nullptr, "STFT: out of memory");
    return AvArray<T>(memory);
}

}  // namespace

struct Fourier::Plans {
    Plans() {
        const float unit = 1.0f;
        const float inverse_scale = 1.0f / (kWindow * kOverlapGain);
        check(av_tx_init(&forward, &run_forward, AV_TX_FLOAT_RDFT, 0, kWindow, &unit, 0) >= 0 &&
                  av_tx_init(&inverse, &run_inverse, AV_TX_FLOAT_RDFT, 1, kWindow, &inverse_scale, 0) >= 0,
              "STFT: libavutil has no real transform of this length");
    }
    ~Plans() {
        av_tx_uninit(&forward);
        av_tx_uninit(&inverse);
    }

    AVTXContext* forward = nullptr;
    AVTXContext* inverse = nullptr;
    av_tx_fn run_forward = nullptr;
    av_tx_fn run_inverse = nullptr;
    AvArray<float> samples = make_array<float>(kWindow + 16);
    AvArray<std::complex<float>> bins = make_array<std::complex<float>>(kBins + 16);
};

Fourier::Fourier() : plans_(std::make_unique<Plans>()), window_(kWindow) {
    for (int i = 0; i < kWindow; ++i)
        window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / kWindow));
}

Fourier::~Fourier() = default;

void Fourier::forward(std::span<const float> samples, Spectrum& spectrum) {
    for (int i = 0; i < kWindow; ++i) plans_->samples[i] = samples[i] * window_[i];
    plans_->run_forward(plans_->forward, plans_->bins.get(), plans_->samples.get(), sizeof(float));
    spectrum.assign(plans_->bins.get(), plans_->bins.get() + kBins);
}

void Fourier::add_inverse(const Spectrum& spectrum, std::span<float> sum) {
    std::copy_n(spectrum.begin(), kBins, plans_->bins.get());
    plans_->run_inverse(plans_->inverse, plans_->samples.get(), plans_->bins.get(),
                        sizeof(std::complex<float>));
    for (int i = 0; i < kWindow; ++i) sum[i] += plans_->samples[i] * window_[i];
}

}  // namespace msst::dsp
