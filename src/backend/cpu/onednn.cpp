#include "backend/cpu/onednn.h"

#include <utility>

namespace msst::backend::cpu {

using dnnl::memory;

namespace {

// The first primitive that a process runs reads oneDNN's settings, which takes memory: that must not be in
// the middle of a network.
dnnl::engine make_engine() {
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    float number[2] = {};
    const memory::desc one({1}, memory::data_type::f32, memory::dims{1});
    memory from(one, engine, &number[0]);
    memory to(one, engine, &number[1]);
    dnnl::stream stream(engine);
    dnnl::reorder(from, to).execute(stream, from, to);
    return engine;
}

}  // namespace

const dnnl::engine& processor() {
    static const dnnl::engine kEngine = make_engine();
    return kEngine;
}

memory::data_type type_of(Storage storage) {
    return storage == Storage::float32 ? memory::data_type::f32 : memory::data_type::bf16;
}

dnnl::primitive_attr with_user_scratch() {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attributes;
}

void append_activation(dnnl::post_ops& ops, const graph::Activation& activation) {
    using dnnl::algorithm;
    using graph::Activation;
    switch (activation.kind) {
        case Activation::none:
            break;
        case Activation::gelu:
            ops.append_eltwise(1.0f, algorithm::eltwise_gelu_erf, 0, 0);
            break;
        case Activation::tanh:
            ops.append_eltwise(1.0f, algorithm::eltwise_tanh, 0, 0);
            break;
        case Activation::relu:
            ops.append_eltwise(1.0f, algorithm::eltwise_relu, 0, 0);
            break;
        case Activation::elu:
            ops.append_eltwise(1.0f, algorithm::eltwise_elu, activation.alpha, 0);
            break;
        case Activation::silu:
            ops.append_eltwise(1.0f, algorithm::eltwise_swish, 1.0f, 0);
            break;
        case Activation::sigmoid:
            ops.append_eltwise(1.0f, algorithm::eltwise_logistic, 0, 0);
            break;
    }
}

int64_t copy_bytes(const graph::Shape& shape, Storage storage) {
    constexpr int64_t kAlignment = 64;
    return (graph::elements(shape) * size_of(storage) + kAlignment - 1) / kAlignment * kAlignment;
}

memory::desc flat(int64_t count, Storage storage) {
    return {{count}, type_of(storage), memory::dims{1}};
}

PreparedCall::PreparedCall(dnnl::primitive primitive, const std::unordered_map<int, memory>& arguments)
    : stream_(processor()), primitive_(std::move(primitive)) {
    for (const auto& [name, value] : arguments) {
        memories_.push_back(value);
        arguments_.push_back({name, value.get()});
    }
}

void PreparedCall::run() const {
    dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive_.get(), stream_.get(),
                                                   static_cast<int>(arguments_.size()), arguments_.data()),
                            "could not execute a primitive");
}

Reorder::Reorder(const memory::desc& from, const memory::desc& to)
    : from_(from, processor(), nullptr), to_(to, processor(), nullptr) {
    dnnl_check("prepare a copy", [&] {
        call_ = {dnnl::reorder(from_, to_), {{DNNL_ARG_FROM, from_}, {DNNL_ARG_TO, to_}}};
    });
}

void Reorder::run(std::byte* from, std::byte* to) {
    from_.set_data_handle(from);
    to_.set_data_handle(to);
    dnnl_check("copy", [&] { call_.run(); });
}

Factor::Factor(Buffer x, int64_t count, Storage wanted, std::byte* copy) : x_(x), copy_{copy, wanted} {
    if (x.storage != wanted) convert_.emplace(flat(count, x.storage), flat(count, wanted));
}

Buffer Factor::bring() {
    if (!convert_) return x_;
    convert_->run(x_.data, copy_.data);
    return copy_;
}

}  // namespace msst::backend::cpu
