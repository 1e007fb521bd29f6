#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "graph/activation.h"
#include "graph/layout.h"

namespace msst::backend::reference {

inline double sigmoid(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

inline double activate(graph::Activation activation, double x) {
    switch (activation.kind) {
        case graph::Activation::none:
            return x;
        case graph::Activation::gelu:
            return 0.5 * x * (1.0 + std::erf(x * M_SQRT1_2));
        case graph::Activation::tanh:
            return std::tanh(x);
        case graph::Activation::relu:
            return std::max(x, 0.0);
        case graph::Activation::elu:
            return x > 0 ? x : activation.alpha * std::expm1(x);
        case graph::Activation::silu:
            return x * sigmoid(x);
        case graph::Activation::sigmoid:
            return sigmoid(x);
    }
    return x;
}

// Of an element of a tensor whose shape with the channels first is `shape`.
inline int64_t place(const graph::Shape& shape, graph::Layout layout, int64_t n, int64_t channel, int64_t h,
                     int64_t w) {
    if (layout == graph::Layout::channels_first)
        return ((n * shape[1] + channel) * shape[2] + h) * shape[3] + w;
    return ((n * shape[2] + h) * shape[3] + w) * shape[1] + channel;
}

inline double dot(const float* a, const float* b, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

// In place.
inline void softmax(std::vector<double>& values) {
    const double largest = *std::ranges::max_element(values);
    double total = 0;
    for (double& value : values) total += value = std::exp(value - largest);
    for (double& value : values) value /= total;
}

// y = x / sqrt(max(||x||, floor)^2 / count + epsilon) * gamma; y may be x.
inline void rms_norm(const float* x, const float* gamma, int64_t count, double floor, double epsilon,
                     float* y) {
    const double mean = std::max(dot(x, x, count), floor * floor) / static_cast<double>(count);
    const double scale = 1.0 / std::sqrt(mean + epsilon);
    for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(x[i] * scale * gamma[i]);
}

}  // namespace msst::backend::reference
