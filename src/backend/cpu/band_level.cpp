#include <cmath>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

std::unique_ptr<Kernel> make(const graph::BandLevel& op, const KernelContext& c) {
    const int64_t rows = c.shape(0)[0];
    const int64_t width = c.shape(0)[1];
    return make_loop([op, rows, width, threads = c.threads, x = c.floats(0), y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; ++row) {
            const float* from = x + row * width;
            float* to = y + row * (width + std::ssize(op.widths));
            for (const int64_t band : op.widths) {
                float sum = op.epsilon;
                for (int64_t i = 0; i < band; ++i) sum += from[i] * from[i];
                const float level = std::sqrt(sum);
                for (int64_t i = 0; i < band; ++i) to[i] = from[i] / level;
                to[band] = std::log(level);
                from += band;
                to += band + 1;
            }
        }
    });
}

}  // namespace msst::backend::cpu
