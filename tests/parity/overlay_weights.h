#pragma once

#include <algorithm>
#include <map>
#include <memory>

#include "model/weights.h"

namespace msst::testing {

// Weights with some added or replaced.
class OverlayWeights final : public model::Weights {
public:
    struct Tensor {
        graph::Shape shape;
        std::vector<float> values;
    };

    OverlayWeights(std::shared_ptr<const model::Weights> below, std::map<std::string, Tensor> above)
        : below_(std::move(below)), above_(std::move(above)) {}

    std::optional<graph::Shape> find(const std::string& name) const override {
        const auto found = above_.find(name);
        return found == above_.end() ? below_->find(name) : found->second.shape;
    }

    std::vector<std::string> names() const override {
        std::vector<std::string> names = below_->names();
        for (const auto& [name, tensor] : above_) names.push_back(name);
        return names;
    }

    void fill(const std::string& name, const graph::Shape& shape, std::span<float> out) const override {
        const auto found = above_.find(name);
        if (found == above_.end()) return below_->fill(name, shape, out);
        std::ranges::copy(found->second.values, out.begin());
    }

private:
    std::shared_ptr<const model::Weights> below_;
    std::map<std::string, Tensor> above_;
};

inline OverlayWeights::Tensor filled(graph::Shape shape, float value) {
    const int64_t count = graph::elements(shape);
    return {std::move(shape), std::vector<float>(count, value)};
}

}  // namespace msst::testing
