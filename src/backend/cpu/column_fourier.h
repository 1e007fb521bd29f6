#pragma once

#include <cstdint>
#include <vector>

#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {

// Complex Fourier transforms of any size, of as many columns at once as a vector has lanes: a point is a row
// of kLanes real parts and kLanes imaginary ones. The size is split into fours and primes; a prime p costs p
// / 2 multiply-adds per number, so sizes with large prime factors are slow, not impossible.
class ColumnFourier {
public:
    static constexpr int64_t kPoint = 2 * kLanes;  // floats

    explicit ColumnFourier(int64_t size);

    // What run() needs besides the data, in floats.
    int64_t scratch_floats() const { return (size_ + largest_radix_) * kPoint; }

    // X[k] = sum over t of x[t] exp(-2 pi i k t / size). data: [size, kPoint]. The result is in `data` or in
    // `scratch`; returns which.
    const float* run(float* data, float* scratch) const;

    // One radix: sums of `radix` points that lie blocks * stride apart, turned on their way.
    struct Stage {
        int64_t radix;
        int64_t blocks;
        int64_t stride;
        std::vector<float> roots;     // [radix, (cos, sin)] of 2 pi r / radix
        std::vector<float> twiddles;  // [blocks, radix, (cos, sin)] of 2 pi j k / (blocks * radix)
    };

private:
    int64_t size_;
    int64_t largest_radix_ = 1;
    std::vector<Stage> stages_;
};

}  // namespace msst::backend::cpu
