#include "backend/cpu/packed_convolution.h"

#include <algorithm>
#include <unordered_map>

#include "backend/cpu/onednn.h"

namespace msst::backend::cpu {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::dims pair(const std::array<int64_t, 2>& values) {
    return {values[0], values[1]};
}

// oneDNN counts the elements between those that a dilated kernel looks at.
memory::dims gaps(const std::array<int64_t, 2>& dilations) {
    return {dilations[0] - 1, dilations[1] - 1};
}

dnnl::primitive_attr attributes_of(const ConvolutionShape& s) {
    dnnl::post_ops ops;
    append_activation(ops, s.activation);
    if (s.accumulates) ops.append_sum(1.0f);
    dnnl::primitive_attr attributes = with_user_scratch();
    attributes.set_post_ops(ops);
    return attributes;
}

// The weight's axes in oneDNN's order: [(groups,) out, in, h, w].
memory::dims weight_sizes(const ConvolutionShape& s) {
    const graph::Shape& w = s.weight;
    if (s.is_transposed) return {w[1], w[0], w[2], w[3]};
    if (s.groups == 1) return w;
    return {s.groups, w[0] / s.groups, w[1], w[2], w[3]};
}

memory::desc plain_weight(const ConvolutionShape& s) {
    const Tag tag = s.is_transposed ? Tag::iohw : s.groups == 1 ? Tag::oihw : Tag::goihw;
    return {weight_sizes(s), memory::data_type::f32, tag};
}

}  // namespace

struct PackedConvolution::Prepared {
    // Direction is dnnl::convolution_forward or dnnl::deconvolution_forward, which are described alike.
    template <class Direction>
    void prepare(const ConvolutionShape& s, dnnl::algorithm algorithm, const float* weight_values,
                 const float* bias_values) {
        const memory::desc x_desc(s.x, type_of(s.x_storage), Tag::nhwc);
        const memory::desc y_desc(s.y, type_of(s.y_storage), Tag::nhwc);
        const memory::desc w_desc(weight_sizes(s), type_of(s.x_storage), Tag::any);
        const memory::desc b_desc({s.y[1]}, memory::data_type::f32, Tag::x);
        const auto kind = dnnl::prop_kind::forward_inference;
        const auto operation =
            s.has_bias
                ? typename Direction::desc(kind, algorithm, x_desc, w_desc, b_desc, y_desc, pair(s.strides),
                                           gaps(s.dilations), pair(s.begin), pair(s.end))
                : typename Direction::desc(kind, algorithm, x_desc, w_desc, y_desc, pair(s.strides),
                                           gaps(s.dilations), pair(s.begin), pair(s.end));
        const typename Direction::primitive_desc description(operation, attributes_of(s), processor());
        x = memory(x_desc, processor(), nullptr);
        y = memory(y_desc, processor(), nullptr);
        const memory weight(description.weights_desc(), processor());
        memory plain(plain_weight(s), processor(), const_cast<float*>(weight_values));
        PreparedCall(dnnl::reorder(plain, weight), {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, weight}}).run();
        std::unordered_map<int, memory> arguments = {
            {DNNL_ARG_SRC, x},
            {DNNL_ARG_WEIGHTS, weight},
            {DNNL_ARG_DST, y},
            {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), processor())}};
        if (s.has_bias) {
            const memory bias(b_desc, processor());
            std::copy_n(bias_values, s.y[1], static_cast<float*>(bias.get_data_handle()));
            arguments.emplace(DNNL_ARG_BIAS, bias);
        }
        call = {Direction(description), arguments};
    }

    memory x;
    memory y;
    PreparedCall call;
};

PackedConvolution::PackedConvolution(const ConvolutionShape& shape, const float* weight, const float* bias)
    : prepared_(std::make_unique<Prepared>()) {
    dnnl_check("prepare a convolution", [&] {
        if (shape.is_transposed)
            prepared_->prepare<dnnl::deconvolution_forward>(shape, dnnl::algorithm::deconvolution_direct,
                                                            weight, bias);
        else
            prepared_->prepare<dnnl::convolution_forward>(shape, dnnl::algorithm::convolution_direct, weight,
                                                          bias);
    });
}

PackedConvolution::~PackedConvolution() = default;
PackedConvolution::PackedConvolution(PackedConvolution&&) noexcept = default;

void PackedConvolution::run(Buffer x, Buffer y) {
    dnnl_check("convolve", [&] {
        prepared_->x.set_data_handle(x.data);
        prepared_->y.set_data_handle(y.data);
        prepared_->call.run();
    });
}

}  // namespace msst::backend::cpu
