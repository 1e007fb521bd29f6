#pragma once

#include "backend/cpu/storage.h"
#include "graph/ops/glu.h"

// Loops over rows, written once and compiled for every instruction set; the best one is chosen when the
// program runs. Rows need no alignment. Numbers past the end of a row are neither read nor written unless it
// says so.

namespace msst::backend::cpu {

constexpr int64_t up_to_multiple(int64_t count, int64_t divisor) {
    return (count + divisor - 1) / divisor * divisor;
}

// How many floats the widest vector holds: rows that are padded are padded to a multiple of this.
inline constexpr int64_t kLanes = 16;
constexpr int64_t padded(int64_t count) {
    return up_to_multiple(count, kLanes);
}

// y = x / sqrt(max(||x||, floor)^2 / count + epsilon) * gamma. y may be x.
void rms_norm_row(const float* x, const float* gamma, int64_t count, float floor, float epsilon, Buffer y);

// y = (x - mean) / sqrt(variance + epsilon) * gain + bias. y may be x.
void layer_norm_row(const float* x, const float* gain, const float* bias, int64_t count, float epsilon,
                    Buffer y);

// y = exp(x - max(x)); returns the sum of y. Both rows are padded; what is written into the padding is zero.
float exp_row(const float* x, int64_t count, Buffer y);

// y = scale * x with positions: pairs (2r, 2r+1) turned by the angles whose cosines and sines are given per
// element. count is even. y may not be x.
void rotary_row(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y);

// y[r] = scale * softplus(x[r]) * cosine[r], y[count + r] the same with the sine.
void polar_row(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y);

// y = scale * x.
void scale_row(Buffer x, int64_t count, float scale, Buffer y);

// y = a * gate(b). y may be a.
void glu_row(Buffer a, Buffer b, int64_t count, graph::Glu::Gate gate, Buffer y);

// y = a + b. y may be a.
void add_row(Buffer a, Buffer b, int64_t count, Buffer y);

// y = x + shift. y may be x.
void shift_row(Buffer x, int64_t count, float shift, Buffer y);

// y = a * b. y may be a.
void multiply_row(Buffer a, Buffer b, int64_t count, Buffer y);

float load(Buffer x, int64_t index);
float sigmoid(float x);

}  // namespace msst::backend::cpu
