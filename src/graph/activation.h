#pragma once

namespace msst::graph {

// What follows a linear layer. gelu is the exact form with erf.
enum class Activation { none, gelu, tanh };

}  // namespace msst::graph
