#include "graph/graph.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace msst::graph {

TensorId Graph::add_tensor(Tensor tensor) {
    tensors_.push_back(std::move(tensor));
    return {static_cast<int>(tensors_.size()) - 1};
}

TensorId Graph::add_input(Shape shape) {
    inputs_.push_back(add_tensor({TensorKind::input, std::move(shape), -1}));
    return inputs_.back();
}

TensorId Graph::add_constant(Constant constant) {
    check(constant.fill != nullptr, "a constant has no numbers");
    if (!constant.fill_range)
        constant.fill_range = [fill = constant.fill, count = elements(constant.shape)](int64_t first,
                                                                                       std::span<float> out) {
            std::vector<float> whole(count);
            fill(whole);
            std::copy_n(whole.begin() + first, out.size(), out.begin());
        };
    constants_.push_back(std::move(constant));
    return add_tensor(
        {TensorKind::constant, constants_.back().shape, static_cast<int>(constants_.size()) - 1});
}

TensorId Graph::add(Op op, std::vector<TensorId> inputs, std::string label) {
    Node node{std::move(op), std::move(inputs), {}, 0, 0, std::move(label)};
    const std::vector<Shape> shapes = input_shapes(node);
    try {
        Shape output = std::visit([&](const auto& one) { return one.infer(shapes); }, node.op);
        node.flops = std::visit([&](const auto& one) { return one.flops(shapes, output); }, node.op);
        node.work = node.flops + static_cast<double>(elements(output));
        node.output = add_tensor({TensorKind::computed, std::move(output), -1});
    } catch (const Error& error) {
        throw Error(error.code(), node.label + ": " + error.what());
    }
    nodes_.push_back(std::move(node));
    return nodes_.back().output;
}

void Graph::add_output(TensorId tensor) {
    outputs_.push_back(tensor);
}

double Graph::flops() const {
    return std::accumulate(nodes_.begin(), nodes_.end(), 0.0,
                           [](double sum, const Node& node) { return sum + node.flops; });
}

int64_t Graph::constant_elements() const {
    int64_t sum = 0;
    for (const Constant& constant : constants_) sum += elements(constant.shape);
    return sum;
}

std::vector<Shape> Graph::input_shapes(const Node& node) const {
    std::vector<Shape> shapes;
    shapes.reserve(node.inputs.size());
    for (const TensorId id : node.inputs) shapes.push_back(id.is_present() ? shape(id) : Shape());
    return shapes;
}

}  // namespace msst::graph
