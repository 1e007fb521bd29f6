#pragma once

#include <cstdint>
#include <vector>

namespace msst::backend::cpu {

// Mean and sum of squared differences from it, of a whole tensor: pieces are added up in their order, so that
// the result does not depend on the number of threads.
class PieceSums {
public:
    PieceSums(int64_t count, int threads);

    struct Result {
        double mean = 0;
        double squares = 0;
    };
    Result of(const float* x);

private:
    int64_t count_;
    int threads_;
    std::vector<double> sums_;  // per piece
};

}  // namespace msst::backend::cpu
