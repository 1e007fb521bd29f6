#include "checkpoint/tensor_view.h"

#include "base/error.h"
#include "base/text.h"

namespace msst::checkpoint {
namespace {

[[noreturn]] void fail(const std::string& name, const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "tensor '" + clean_text(name, 200) + "' " + problem);
}

// The number of elements, and the index of the last one in its storage, both refused beyond `limit`.
void check_extent(const std::string& name, const StoredTensor& tensor, int64_t limit) {
    int64_t elements = 1;
    int64_t last = tensor.offset;
    for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
        const int64_t size = tensor.shape[axis];
        const int64_t stride = tensor.strides[axis];
        if (size < 0 || stride < 0) fail(name, "has a negative size or stride");
        if (size == 0) return;
        if (__builtin_mul_overflow(elements, size, &elements) || elements > limit)
            fail(name, "claims more elements than the " + std::to_string(limit) + " its storage has");
        int64_t step = 0;
        if (__builtin_mul_overflow(size - 1, stride, &step) || __builtin_add_overflow(last, step, &last))
            fail(name, "has strides beyond any storage");
    }
    if (last >= limit)
        fail(name, "reaches element " + std::to_string(last) + " of a storage of " + std::to_string(limit));
}

void read_axis(const TensorView& view, size_t axis, int64_t first, float*& out) {
    if (axis == view.shape.size()) {
        *out++ = element_as_float(view.bytes, view.type, first);
        return;
    }
    for (int64_t i = 0; i < view.shape[axis]; ++i)
        read_axis(view, axis + 1, first + i * view.strides[axis], out);
}

}  // namespace

int64_t TensorView::elements() const {
    int64_t elements = 1;
    for (const int64_t size : shape) elements *= size;
    return elements;
}

bool TensorView::is_contiguous() const {
    if (elements() == 0) return true;
    int64_t expected = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
        if (shape[axis] != 1 && strides[axis] != expected) return false;
        expected *= shape[axis];
    }
    return true;
}

void TensorView::read(std::span<float> out) const {
    check(std::ssize(out) == elements(), "a tensor is read into memory of another size");
    if (out.empty()) return;
    float* at = out.data();
    if (is_contiguous())
        convert_to_float(bytes, type, out);
    else
        read_axis(*this, 0, 0, at);
}

TensorView make_tensor_view(const std::string& name, const StoredTensor& tensor, Bytes block) {
    const int64_t width = size_of(tensor.storage.type);
    const int64_t limit = static_cast<int64_t>(block.size()) / width;
    if (tensor.shape.size() != tensor.strides.size())
        fail(name, "has " + std::to_string(tensor.shape.size()) + " sizes and " +
                       std::to_string(tensor.strides.size()) + " strides");
    if (tensor.offset < 0 || tensor.offset > limit)
        fail(name, "starts at element " + std::to_string(tensor.offset) + " of a storage of " +
                       std::to_string(limit));
    check_extent(name, tensor, limit);
    return {tensor.storage.type, tensor.shape, tensor.strides, block.subspan(tensor.offset * width)};
}

}  // namespace msst::checkpoint
