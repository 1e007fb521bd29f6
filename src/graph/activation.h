#pragma once

namespace msst::graph {

// What follows a linear layer. gelu is the exact form with erf; silu is x * sigmoid(x).
enum class Activation { none, gelu, tanh, silu };

}  // namespace msst::graph
