#include "backend/peak/matrix_peak.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>

#include <dnnl.hpp>

#include "backend/cpu/thread_team.h"
#include "base/error.h"

namespace msst::backend {
namespace {

// Large enough that packing is nothing, small enough for a second on an old core.
constexpr int64_t kSize = 1536;
constexpr int kRuns = 5;

void fill(dnnl::memory& memory, dnnl::memory::data_type type) {
    const int64_t count = kSize * kSize;
    if (type == dnnl::memory::data_type::f32)
        std::fill_n(static_cast<float*>(memory.get_data_handle()), count, 0.5f);
    else
        std::fill_n(static_cast<uint16_t*>(memory.get_data_handle()), count, uint16_t{0x3f00});  // 0.5
}

// Operations per second of [kSize, kSize] products whose factors have this type.
MatrixPeak::Speed measure(dnnl::memory::data_type type, int threads) {
    using dnnl::memory;
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    const memory::dims dims = {kSize, kSize};
    const memory::desc a(dims, type, memory::format_tag::ab);
    const memory::desc any(dims, type, memory::format_tag::any);  // as a network's weights are: packed before
    const memory::desc c(dims, memory::data_type::f32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, any, c), engine);
    memory left(a, engine);
    memory right(a, engine);
    memory packed(description.weights_desc(), engine);
    memory product(c, engine);
    fill(left, type);
    fill(right, type);
    dnnl::reorder(right, packed).execute(stream, right, packed);
    const dnnl::matmul matmul(description);
    MatrixPeak::Speed best;
    for (int run = 0; run <= kRuns; ++run) {
        const auto start = std::chrono::steady_clock::now();
        const double processor_start = processor_seconds();
        matmul.execute(stream, {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, product}});
        stream.wait();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        // The first one warms up.
        if (run == 0) continue;
        constexpr double kWork = 2.0 * kSize * kSize * kSize;
        best.wall = std::max(best.wall, kWork / seconds.count());
        best.processor = std::max(best.processor, kWork * threads / (processor_seconds() - processor_start));
    }
    return best;
}

}  // namespace

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void MatrixPeak::take_better(const MatrixPeak& other) {
    const auto take = [](Speed& mine, const Speed& theirs) {
        mine.wall = std::max(mine.wall, theirs.wall);
        mine.processor = std::max(mine.processor, theirs.processor);
    };
    take(float32, other.float32);
    if (bfloat16 && other.bfloat16) take(*bfloat16, *other.bfloat16);
}

MatrixPeak measure_matrix_peak(int threads) {
    MatrixPeak peak;
    peak.threads = cpu::granted_threads(threads);
    const cpu::ThreadTeam team(peak.threads);
    try {
        peak.float32 = measure(dnnl::memory::data_type::f32, peak.threads);
    } catch (const dnnl::error& error) {
        throw Error(ErrorCode::unavailable, std::string("oneDNN: ") + error.what());
    }
    try {
        peak.bfloat16 = measure(dnnl::memory::data_type::bf16, peak.threads);
    } catch (const dnnl::error&) {
        peak.bfloat16.reset();  // not for this processor
    }
    return peak;
}

}  // namespace msst::backend
