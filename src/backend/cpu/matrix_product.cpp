#include "backend/cpu/matrix_product.h"

#include <array>
#include <unordered_map>
#include <vector>

#include "backend/cpu/onednn.h"
#include "base/error.h"

namespace msst::backend::cpu {
namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

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

// A primitive for calls of one number of rows.
struct PackedCall {
    PackedCall(const dnnl::matmul::primitive_desc& d, const memory& weight, const memory& bias, bool has_bias)
        : description(d),
          primitive(description),
          x(description.src_desc(), processor(), nullptr),
          y(description.dst_desc(), processor(), nullptr),
          scratch(description.scratchpad_desc(), processor()),
          arguments{{DNNL_ARG_SRC, x},
                    {DNNL_ARG_WEIGHTS, weight},
                    {DNNL_ARG_DST, y},
                    {DNNL_ARG_SCRATCHPAD, scratch}} {
        if (has_bias) arguments.emplace(DNNL_ARG_BIAS, bias);
    }

    dnnl::matmul::primitive_desc description;
    dnnl::matmul primitive;
    memory x;
    memory y;
    memory scratch;
    Arguments arguments;
};

struct PackedProduct::Prepared {
    int64_t rows = 0;
    dnnl::stream stream{processor()};
    memory weight;
    memory bias;
    std::unique_ptr<PackedCall> whole;
    std::unique_ptr<PackedCall> rest;
};

PackedProduct::PackedProduct(const ProductShape& shape, int64_t total_rows, const float* weight,
                             const float* bias)
    : prepared_(std::make_unique<Prepared>()) {
    dnnl_check("prepare a product", [&] {
        Prepared& p = *prepared_;
        p.rows = std::min(shape.rows, total_rows);
        const memory::desc any({shape.in, shape.out}, type_of(shape.x_storage), memory::format_tag::any);
        const auto description = describe(shape, p.rows, any);
        p.weight = memory(description.weights_desc(), processor());
        const memory::desc plain({shape.in, shape.out}, memory::data_type::f32, memory::dims{1, shape.in});
        memory source(plain, processor(), const_cast<float*>(weight));
        dnnl::reorder(source, p.weight).execute(p.stream, source, p.weight);
        if (shape.has_bias) {
            p.bias =
                memory({{1, shape.out}, memory::data_type::f32, memory::dims{shape.out, 1}}, processor());
            std::copy_n(bias, shape.out, static_cast<float*>(p.bias.get_data_handle()));
        }
        p.stream.wait();
        p.whole = std::make_unique<PackedCall>(description, p.weight, p.bias, shape.has_bias);
        if (const int64_t rest = total_rows % p.rows; rest > 0)
            p.rest = std::make_unique<PackedCall>(describe(shape, rest, description.weights_desc()), p.weight,
                                                  p.bias, shape.has_bias);
    });
}

PackedProduct::PackedProduct(std::unique_ptr<Prepared> prepared) : prepared_(std::move(prepared)) {}

PackedProduct PackedProduct::twin() const {
    const Prepared& p = *prepared_;
    auto other = std::make_unique<Prepared>();
    other->rows = p.rows;
    other->weight = p.weight;
    other->bias = p.bias;
    const bool has_bias = static_cast<bool>(p.bias);
    const auto copy = [&](const std::unique_ptr<PackedCall>& call) {
        return call ? std::make_unique<PackedCall>(call->description, p.weight, p.bias, has_bias) : nullptr;
    };
    dnnl_check("prepare a product", [&] {
        other->whole = copy(p.whole);
        other->rest = copy(p.rest);
    });
    return PackedProduct(std::move(other));
}

PackedProduct::~PackedProduct() = default;
PackedProduct::PackedProduct(PackedProduct&&) noexcept = default;

void PackedProduct::run(Buffer x, Buffer y, int64_t count) {
    PackedCall* call = count == prepared_->rows ? prepared_->whole.get() : prepared_->rest.get();
    check(call != nullptr, "a product is run with rows it was not prepared for");
    dnnl_check("multiply", [&] {
        call->x.set_data_handle(x.data);
        call->y.set_data_handle(y.data);
        call->primitive.execute(prepared_->stream, call->arguments);
    });
}

struct BatchProduct::Prepared {
    dnnl::matmul::primitive_desc description;
    dnnl::matmul primitive;
};

struct BatchProduct::Call::State {
    dnnl::stream stream{processor()};
    dnnl::matmul primitive;
    Arguments arguments;
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
    return static_cast<int64_t>(prepared_->description.scratchpad_desc().get_size());
}

BatchProduct::Call::Call() : state_(std::make_unique<State>()) {}
BatchProduct::Call::~Call() = default;
BatchProduct::Call::Call(Call&&) noexcept = default;

BatchProduct::Call BatchProduct::bind(Buffer x, Buffer w, float* y, std::byte* scratch) const {
    const auto& description = prepared_->description;
    Call call;
    call.state_->primitive = prepared_->primitive;
    call.state_->arguments = {
        {DNNL_ARG_SRC, memory(description.src_desc(), processor(), x.data)},
        {DNNL_ARG_WEIGHTS, memory(description.weights_desc(), processor(), w.data)},
        {DNNL_ARG_DST, memory(description.dst_desc(), processor(), y)},
        {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), processor(), scratch)}};
    return call;
}

void BatchProduct::Call::run() {
    dnnl_check("multiply", [&] { state_->primitive.execute(state_->stream, state_->arguments); });
}

}  // namespace msst::backend::cpu
