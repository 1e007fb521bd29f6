#pragma once

namespace msst::graph {

// What follows a layer, elementwise. gelu is the exact form with erf, silu is x sigmoid(x), elu is
// alpha (exp(x) - 1) below zero.
struct Activation {
    enum Kind { none, gelu, tanh, relu, elu, silu, sigmoid };

    constexpr Activation(Kind which = none, float elu_alpha = 1) : kind(which), alpha(elu_alpha) {}

    Kind kind;
    float alpha;  // of elu

    friend bool operator==(const Activation&, const Activation&) = default;
};

}  // namespace msst::graph
