#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"

namespace msst::backend {

using graph::Graph;
using graph::Shape;
using graph::TensorId;

struct Candidate {
    std::string name;
    std::shared_ptr<const graph::Backend> backend;
    // Of the whole output, ||ours - reference|| / ||reference||. float32: sums in another order, and vector
    // versions of exp and erf; bfloat16: 8 bits of every factor.
    double tolerance;
};

inline std::vector<Candidate> candidates() {
    std::vector<Candidate> all = {
        {"cpu_float32", std::make_shared<CpuBackend>(CpuOptions{2, Precision::float32}), 3e-6}};
    if (CpuBackend::has_bfloat16())
        all.push_back(
            {"cpu_bfloat16", std::make_shared<CpuBackend>(CpuOptions{2, Precision::bfloat16}), 1.5e-2});
    return all;
}

// Numbers of the operations (alternatives of graph::Op) that were compared in this process.
inline std::set<size_t>& compared_operations() {
    static std::set<size_t> operations;
    return operations;
}

// Builds graphs with random inputs and constants, and compares.
class Conformance : public ::testing::TestWithParam<Candidate> {
protected:
    std::vector<float> random_values(const Shape& shape, float scale = 1) {
        std::normal_distribution<float> normal(0, scale);
        std::vector<float> values(graph::elements(shape));
        for (float& value : values) value = normal(random_);
        return values;
    }

    TensorId input(Graph& graph, Shape shape) {
        inputs_.push_back(random_values(shape));
        return graph.add_input(std::move(shape));
    }

    TensorId input_of(Graph& graph, Shape shape, std::vector<float> values) {
        inputs_.push_back(std::move(values));
        return graph.add_input(std::move(shape));
    }

    TensorId constant(Graph& graph, Shape shape, float scale = 1) {
        const std::vector<float> values = random_values(shape, scale);
        return graph.add_constant({"random", std::move(shape), [values](std::span<float> out) {
                                       std::copy(values.begin(), values.end(), out.begin());
                                   }});
    }

    std::vector<float> run(const graph::Backend& backend, const Graph& graph) const {
        std::vector<std::span<const float>> inputs(inputs_.begin(), inputs_.end());
        std::vector<float> output(graph::elements(graph.shape(graph.outputs()[0])));
        const std::vector<std::span<float>> outputs = {output};
        const auto executable = backend.compile(graph, backend.plan(graph));
        executable->run(inputs, outputs, {});
        executable->run(inputs, outputs, {});  // a second run must not see the first
        return output;
    }

    void compare(Graph& graph, TensorId output) {
        for (const graph::Node& node : graph.nodes()) compared_operations().insert(node.op.index());
        graph.add_output(output);
        const std::vector<float> want = run(ReferenceBackend(), graph);
        const std::vector<float> got = run(*GetParam().backend, graph);
        double difference = 0;
        double size = 0;
        for (size_t i = 0; i < want.size(); ++i) {
            ASSERT_TRUE(std::isfinite(got[i])) << "element " << i;
            difference += (static_cast<double>(got[i]) - want[i]) * (static_cast<double>(got[i]) - want[i]);
            size += static_cast<double>(want[i]) * want[i];
        }
        EXPECT_LE(std::sqrt(difference), GetParam().tolerance * std::sqrt(size));
        inputs_.clear();
    }

    std::mt19937 random_{1};
    std::vector<std::vector<float>> inputs_;
};

}  // namespace msst::backend
