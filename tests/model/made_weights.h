#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "model/weights.h"

namespace msst::testing {

// Weights written down in a test.
class MadeWeights final : public model::Weights {
public:
    struct Tensor {
        graph::Shape shape;
        std::vector<float> values;
    };

    explicit MadeWeights(std::map<std::string, Tensor> tensors) : tensors_(std::move(tensors)) {}

    std::optional<graph::Shape> find(const std::string& name) const override {
        const auto found = tensors_.find(name);
        return found == tensors_.end() ? std::nullopt : std::optional(found->second.shape);
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const auto& [name, tensor] : tensors_) names.push_back(name);
        return names;
    }
    void fill(const std::string& name, const graph::Shape&, std::span<float> out) const override {
        std::ranges::copy(tensors_.at(name).values, out.begin());
    }

private:
    std::map<std::string, Tensor> tensors_;
};

}  // namespace msst::testing
