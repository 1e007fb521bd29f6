#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/op.h"
#include "graph/shape.h"

namespace msst::graph {

// Numbers a tensor within its graph. Default-constructed: an optional input that is not there.
struct TensorId {
    int index = -1;

    bool is_present() const { return index >= 0; }
    friend bool operator==(TensorId, TensorId) = default;
};

// A weight or table. Its numbers are asked for once, when a backend compiles the graph.
struct Constant {
    std::string name;
    Shape shape;
    std::function<void(std::span<float>)> fill;  // writes all elements, row-major

    // The same for a range of elements that starts and ends where one of the weights does that it is joined
    // from. Left empty: made from `fill`.
    std::function<void(int64_t first, std::span<float>)> fill_range;
};

enum class TensorKind { input, constant, computed };

struct Tensor {
    TensorKind kind = TensorKind::computed;
    Shape shape;
    int constant = -1;  // number of the Constant, if it is one
};

struct Node {
    Op op;
    std::vector<TensorId> inputs;  // absent optional ones included
    TensorId output;
    double flops = 0;
    double work = 0;    // what progress counts: flops, and one for every number written
    std::string label;  // where in the network, for profiles and messages
};

// A network for one chunk: operations in the order they run, on tensors whose
// shapes are fixed. Built by src/model, planned and run by a backend.
class Graph {
public:
    TensorId add_input(Shape shape);
    TensorId add_constant(Constant constant);

    // Appends an operation and returns its output. Throws Error(internal) if the shapes do not fit.
    TensorId add(Op op, std::vector<TensorId> inputs, std::string label = {});

    void add_output(TensorId tensor);

    const Shape& shape(TensorId id) const { return tensors_[id.index].shape; }
    const Tensor& tensor(TensorId id) const { return tensors_[id.index]; }
    const std::vector<Tensor>& tensors() const { return tensors_; }
    const std::vector<Constant>& constants() const { return constants_; }
    const std::vector<Node>& nodes() const { return nodes_; }
    const std::vector<TensorId>& inputs() const { return inputs_; }
    const std::vector<TensorId>& outputs() const { return outputs_; }

    double flops() const;               // of one run
    int64_t constant_elements() const;  // of all weights and tables

    // Shapes of a node's inputs, as its operation wants them.
    std::vector<Shape> input_shapes(const Node& node) const;

private:
    TensorId add_tensor(Tensor tensor);

    std::vector<Tensor> tensors_;
    std::vector<Constant> constants_;
    std::vector<Node> nodes_;
    std::vector<TensorId> inputs_;
    std::vector<TensorId> outputs_;
};

}  // namespace msst::graph
