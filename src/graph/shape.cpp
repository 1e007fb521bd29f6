#include "graph/shape.h"

#include "base/error.h"

namespace msst::graph {

int64_t elements(const Shape& shape) {
    int64_t product = 1;
    for (const int64_t size : shape) product *= size;
    return product;
}

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (size_t axis = 0; axis < shape.size(); ++axis)
        text += (axis ? ", " : "") + std::to_string(shape[axis]);
    return text + "]";
}

void require_shapes(bool condition, const char* op, InputShapes inputs) {
    if (condition) return;
    std::string message = std::string(op) + " does not fit shapes";
    for (const Shape& shape : inputs) message += " " + to_string(shape);
    throw Error(ErrorCode::internal, message);
}

}  // namespace msst::graph
