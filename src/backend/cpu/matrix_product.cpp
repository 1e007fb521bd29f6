#include "backend/cpu/matrix_product.h"

#include <optional>
#include <unordered_map>

#include <omp.h>

#include "backend/cpu/onednn.h"
#include "backend/cpu/row_product.h"
#include "base/error.h"

namespace msst::backend::cpu {
namespace {

using dnnl::memory;

dnnl::post_ops post_ops_of(const ProductShape& shape) {
    dnnl::post_ops ops;
    append_activation(ops, shape.activation);
    if (shape.accumulates) ops.append_sum(1.0f);
    return ops;
}

dnnl::matmul::primitive_desc describe(const ProductShape& shape, int64_t rows, const memory::desc& weight) {
    const memory::desc x({rows, shape.in}, type_of(shape.x_storage), memory::dims{shape.x_stride, 1});
    const memory::desc y({rows, shape.out}, type_of(shape.y_storage), memory::dims{shape.y_stride, 1});
    const memory::desc bias({1, shape.out}, memory::data_type::f32, memory::dims{shape.out, 1});
    dnnl::primitive_attr attributes = with_user_scratch();
    attributes.set_post_ops(post_ops_of(shape));
    const auto operation =
        shape.has_bias ? dnnl::matmul::desc(x, weight, bias, y) : dnnl::matmul::desc(x, weight, y);
    return {operation, attributes, processor()};
}

memory::desc any_weight(const ProductShape& shape) {
    return {{shape.in, shape.out}, type_of(shape.x_storage), memory::format_tag::any};
}

int64_t scratch_of(const dnnl::matmul::primitive_desc& description) {
    return static_cast<int64_t>(description.scratchpad_desc().get_size());
}

}  // namespace

bool has_native_bfloat16() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::avx512_core_bf16:
        case dnnl::cpu_isa::avx512_core_amx:
            return true;
        default:
            return false;
    }
}

bool has_amx() {
    return dnnl::get_effective_cpu_isa() == dnnl::cpu_isa::avx512_core_amx;
}

bool has_avx512() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
        case dnnl::cpu_isa::avx:
        case dnnl::cpu_isa::avx2:
        case dnnl::cpu_isa::avx2_vnni:
            return false;
        default:
            return true;
    }
}

// A primitive for calls of one number of rows.
struct PackedCall {
    PackedCall(const dnnl::matmul::primitive_desc& d, const memory& weight, const memory& bias,
               std::byte* memory_to_work_in)
        : description(d),
          x(description.src_desc(), processor(), nullptr),
          y(description.dst_desc(), processor(), nullptr),
          scratch(memory_to_work_in ? memory(d.scratchpad_desc(), processor(), memory_to_work_in)
                                    : memory(d.scratchpad_desc(), processor())),
          call(dnnl::matmul(description), arguments(weight, bias)) {}

    std::unordered_map<int, memory> arguments(const memory& weight, const memory& bias) const {
        std::unordered_map<int, memory> all = {
            {DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DST, y}, {DNNL_ARG_SCRATCHPAD, scratch}};
        if (bias) all.emplace(DNNL_ARG_BIAS, bias);
        return all;
    }

    dnnl::matmul::primitive_desc description;
    memory x;
    memory y;
    memory scratch;
    PreparedCall call;
};

struct PackedProduct::Prepared {
    int64_t rows = 0;
    memory weight;
    memory bias;
    std::unique_ptr<PackedCall> whole;
    std::unique_ptr<PackedCall> rest;
    std::optional<RowProduct> own;  // then nothing of oneDNN
    std::optional<PanelMemory> own_scratch;
    std::byte* scratch = nullptr;
    int threads = 1;
};

int64_t product_scratch_bytes(const ProductShape& shape, int64_t total_rows) {
    if (RowProduct::suits(shape)) return RowProduct::scratch_bytes(shape, omp_get_max_threads());
    return dnnl_check("describe a product", [&] {
        const int64_t rows = std::min(shape.rows, total_rows);
        const auto whole = describe(shape, rows, any_weight(shape));
        const int64_t rest = total_rows % rows;
        if (rest == 0) return scratch_of(whole);
        return std::max(scratch_of(whole), scratch_of(describe(shape, rest, whole.weights_desc())));
    });
}

PackedProduct::PackedProduct(const ProductShape& shape, int64_t total_rows, const float* weight,
                             const float* bias, std::byte* scratch)
    : prepared_(std::make_unique<Prepared>()) {
    if (RowProduct::suits(shape)) {
        prepared_->threads = omp_get_max_threads();
        prepared_->own.emplace(shape, weight, bias);
        if (!scratch) prepared_->own_scratch.emplace(product_scratch_bytes(shape, total_rows));
        prepared_->scratch = scratch ? scratch : prepared_->own_scratch->data();
        return;
    }
    dnnl_check("prepare a product", [&] {
        Prepared& p = *prepared_;
        p.rows = std::min(shape.rows, total_rows);
        const auto description = describe(shape, p.rows, any_weight(shape));
        p.weight = memory(description.weights_desc(), processor());
        const memory::desc plain({shape.in, shape.out}, memory::data_type::f32, memory::dims{1, shape.in});
        memory source(plain, processor(), const_cast<float*>(weight));
        PreparedCall(dnnl::reorder(source, p.weight), {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, p.weight}})
            .run();
        if (shape.has_bias) {
            p.bias =
                memory({{1, shape.out}, memory::data_type::f32, memory::dims{shape.out, 1}}, processor());
            std::copy_n(bias, shape.out, static_cast<float*>(p.bias.get_data_handle()));
        }
        p.whole = std::make_unique<PackedCall>(description, p.weight, p.bias, scratch);
        if (const int64_t rest = total_rows % p.rows; rest > 0)
            p.rest = std::make_unique<PackedCall>(describe(shape, rest, description.weights_desc()), p.weight,
                                                  p.bias, scratch);
    });
}

PackedProduct::~PackedProduct() = default;
PackedProduct::PackedProduct(PackedProduct&&) noexcept = default;

void PackedProduct::run(Buffer x, Buffer y, int64_t count) {
    if (prepared_->own) {
        prepared_->own->run(x.floats(), y.floats(), count, prepared_->threads, prepared_->scratch);
        return;
    }
    PackedCall* call = count == prepared_->rows ? prepared_->whole.get() : prepared_->rest.get();
    check(call != nullptr, "a product is run with rows it was not prepared for");
    dnnl_check("multiply", [&] {
        call->x.set_data_handle(x.data);
        call->y.set_data_handle(y.data);
        call->call.run();
    });
}

struct BatchProduct::Prepared {
    dnnl::matmul::primitive_desc description;
    dnnl::matmul primitive;
};

struct BatchProduct::Call::State {
    PreparedCall call;
};

BatchProduct::BatchProduct(const BatchShape& s) : prepared_(std::make_unique<Prepared>()) {
    dnnl_check("prepare a batch of products", [&] {
        const memory::data_type type = type_of(s.storage);
        const memory::desc x({s.batch, s.rows, s.inner}, type,
                             memory::dims{s.rows * s.x_stride, s.x_stride, 1});
        const memory::dims w_strides = s.is_w_transposed ? memory::dims{s.columns * s.w_stride, 1, s.w_stride}
                                                         : memory::dims{s.inner * s.w_stride, s.w_stride, 1};
        const memory::desc w({s.batch, s.inner, s.columns}, type, w_strides);
        const memory::desc y({s.batch, s.rows, s.columns}, memory::data_type::f32,
                             memory::dims{s.rows * s.y_stride, s.y_stride, 1});
        prepared_->description = {dnnl::matmul::desc(x, w, y), with_user_scratch(), processor()};
        prepared_->primitive = dnnl::matmul(prepared_->description);
    });
}

BatchProduct::~BatchProduct() = default;
BatchProduct::BatchProduct(BatchProduct&&) noexcept = default;

int64_t BatchProduct::scratch_bytes() const {
    return scratch_of(prepared_->description);
}

BatchProduct::Call::Call() : state_(std::make_unique<State>()) {}
BatchProduct::Call::~Call() = default;
BatchProduct::Call::Call(Call&&) noexcept = default;

BatchProduct::Call BatchProduct::bind(Buffer x, Buffer w, float* y, std::byte* scratch) const {
    const auto& description = prepared_->description;
    Call call;
    call.state_->call = {
        prepared_->primitive,
        {{DNNL_ARG_SRC, memory(description.src_desc(), processor(), x.data)},
         {DNNL_ARG_WEIGHTS, memory(description.weights_desc(), processor(), w.data)},
         {DNNL_ARG_DST, memory(description.dst_desc(), processor(), y)},
         {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), processor(), scratch)}}};
    return call;
}

void BatchProduct::Call::run() {
    dnnl_check("multiply", [&] { state_->call.run(); });
}

}  // namespace msst::backend::cpu
