#include "backend/peak/matrix_gauge.h"

#include <algorithm>
#include <string>

#include <dnnl.hpp>
#include <omp.h>

#include "backend/cpu/thread_team.h"
#include "backend/peak/process_time.h"
#include "base/error.h"

namespace msst::backend {
namespace {

using dnnl::memory;
using Speed = MatrixSpeeds::Speed;

// Large enough that packing is nothing, small enough for a second on an old core.
constexpr int64_t kSize = 1536;
constexpr double kWork = 2.0 * kSize * kSize * kSize;
constexpr int kRuns = 5;

void fill(const memory& matrix, memory::data_type type) {
    const int64_t count = kSize * kSize;
    if (type == memory::data_type::f32)
        std::fill_n(static_cast<float*>(matrix.get_data_handle()), count, 0.5f);
    else
        std::fill_n(static_cast<uint16_t*>(matrix.get_data_handle()), count, uint16_t{0x3f00});  // 0.5
}

dnnl::matmul::primitive_desc describe(memory::data_type type, const dnnl::engine& engine) {
    const memory::dims dims = {kSize, kSize};
    const memory::desc plain(dims, type, memory::format_tag::ab);
    const memory::desc packed(dims, type, memory::format_tag::any);  // as a network's weights are: before
    const memory::desc product(dims, memory::data_type::f32, memory::format_tag::ab);
    return {dnnl::matmul::desc(plain, packed, product), engine};
}

// A [kSize, kSize] product whose factors have one type, and what it was measured at.
class Product {
public:
    // Throws dnnl::error where there is none for this processor.
    Product(memory::data_type type, const dnnl::engine& engine)
        : description_(describe(type, engine)),
          matmul_(description_),
          stream_(engine),
          left_(description_.src_desc(), engine),
          packed_(description_.weights_desc(), engine),
          product_(description_.dst_desc(), engine) {
        fill(left_, type);
        memory right(description_.src_desc(), engine);
        fill(right, type);
        dnnl::reorder(right, packed_).execute(stream_, right, packed_);
        stream_.wait();
    }

    // Returns how long it took.
    ProcessTime run(int threads) {
        const ProcessTime start = ProcessTime::now();
        matmul_.execute(stream_,
                        {{DNNL_ARG_SRC, left_}, {DNNL_ARG_WEIGHTS, packed_}, {DNNL_ARG_DST, product_}});
        stream_.wait();
        const ProcessTime took = ProcessTime::now() - start;
        const Speed speed = speed_of(1, took, threads);
        best_.wall = std::max(best_.wall, speed.wall);
        best_.processor = std::max(best_.processor, speed.processor);
        return took;
    }

    void run_as_sample(int threads) {
        sampled_ += run(threads);
        ++samples_;
    }

    Speed best() const { return best_; }

    Speed usual(int threads) const { return samples_ == 0 ? best_ : speed_of(samples_, sampled_, threads); }

private:
    static Speed speed_of(int products, const ProcessTime& took, int threads) {
        return {products * kWork / took.wall, products * kWork * threads / took.processor};
    }

    dnnl::matmul::primitive_desc description_;
    dnnl::matmul matmul_;
    dnnl::stream stream_;
    memory left_;
    memory packed_;
    memory product_;
    Speed best_;
    ProcessTime sampled_;
    int samples_ = 0;
};

std::optional<Product> bfloat16_product(const dnnl::engine& engine) {
    try {
        return Product(memory::data_type::bf16, engine);
    } catch (const dnnl::error&) {
        return std::nullopt;  // not for this processor
    }
}

[[noreturn]] void throw_unavailable(const dnnl::error& error) {
    throw Error(ErrorCode::unavailable, std::string("oneDNN: ") + error.what());
}

}  // namespace

struct MatrixGauge::Products {
    explicit Products(int granted)
        : threads(granted),
          engine(dnnl::engine::kind::cpu, 0),
          float32(memory::data_type::f32, engine),
          bfloat16(bfloat16_product(engine)) {}

    template <class Visit>
    void visit(const Visit& visit) {
        const cpu::ThreadTeam now(threads);
        try {
            visit(float32);
            if (bfloat16) visit(*bfloat16);
        } catch (const dnnl::error& error) {
            throw_unavailable(error);
        }
    }

    template <class Read>
    MatrixSpeeds read(const Read& read) const {
        MatrixSpeeds speeds{.float32 = read(float32), .bfloat16 = {}};
        if (bfloat16) speeds.bfloat16 = read(*bfloat16);
        return speeds;
    }

    int threads;
    dnnl::engine engine;
    Product float32;
    std::optional<Product> bfloat16;
};

MatrixGauge::MatrixGauge(int threads) {
    const int granted = cpu::granted_threads(threads);
    const cpu::ThreadTeam team(granted);
    try {
        products_ = std::make_unique<Products>(granted);
    } catch (const dnnl::error& error) {
        throw_unavailable(error);
    }
}

MatrixGauge::~MatrixGauge() = default;

int MatrixGauge::threads() const {
    return products_->threads;
}

void MatrixGauge::measure_peak() {
    products_->visit([this](Product& product) {
        for (int run = 0; run <= kRuns; ++run) product.run(products_->threads);
    });
}

void MatrixGauge::take_sample() {
    if (omp_in_parallel()) return;
    products_->visit([this](Product& product) { product.run_as_sample(products_->threads); });
}

MatrixSpeeds MatrixGauge::peak() const {
    return products_->read([](const Product& product) { return product.best(); });
}

MatrixSpeeds MatrixGauge::usual() const {
    return products_->read([this](const Product& product) { return product.usual(products_->threads); });
}

}  // namespace msst::backend
