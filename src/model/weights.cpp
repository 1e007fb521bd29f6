#include "model/weights.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"

namespace msst::model {
namespace {

using graph::Shape;

class CheckpointWeights final : public Weights {
public:
    explicit CheckpointWeights(std::shared_ptr<const checkpoint::Checkpoint> checkpoint)
        : checkpoint_(std::move(checkpoint)) {}

    std::optional<Shape> find(const std::string& name) const override {
        if (!checkpoint_->contains(name)) return std::nullopt;
        return checkpoint_->info(name).shape;
    }

    std::vector<std::string> names() const override { return checkpoint_->names(); }

    void fill(const std::string& name, const Shape&, std::span<float> out) const override {
        checkpoint_->info(name).read(out);
    }

private:
    std::shared_ptr<const checkpoint::Checkpoint> checkpoint_;
};

class RandomWeights final : public Weights {
public:
    std::optional<Shape> find(const std::string&) const override { return std::nullopt; }
    std::vector<std::string> names() const override { return {}; }
    bool is_made_up() const override { return true; }

    // Matrices are uniform with variance 1 / fan-in; gains are 1, other vectors small.
    void fill(const std::string& name, const Shape& shape, std::span<float> out) const override {
        if (name.ends_with("gamma")) {
            std::ranges::fill(out, 1.0f);
            return;
        }
        const double fan_in = shape.size() > 1 ? static_cast<double>(graph::elements(shape) / shape[0]) : 100.0;
        const float width = static_cast<float>(std::sqrt(12.0 / fan_in));
        uint64_t state = std::hash<std::string>()(name) | 1;
        for (float& value : out) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            value = (static_cast<float>(state >> 40) * 0x1p-24f - 0.5f) * width;
        }
    }
};

Shape without_ones(const Shape& shape) {
    Shape result;
    std::ranges::copy_if(shape, std::back_inserter(result), [](int64_t size) { return size != 1; });
    return result;
}

}  // namespace

std::shared_ptr<const Weights> make_checkpoint_weights(
    std::shared_ptr<const checkpoint::Checkpoint> checkpoint) {
    return std::make_shared<CheckpointWeights>(std::move(checkpoint));
}

std::shared_ptr<const Weights> make_random_weights() {
    return std::make_shared<RandomWeights>();
}

void WeightReader::check_shape(const std::string& name, const Shape& shape) {
    asked_for_.insert(name);
    if (weights_->is_made_up()) return;
    const auto found = weights_->find(name);
    if (!found && faults_) return faults_->missing(name, shape);
    if (!found)
        throw Error(ErrorCode::invalid_input,
                    "the checkpoint has no weight '" + name + "' of shape " + graph::to_string(shape));
    if (without_ones(*found) == without_ones(shape)) return;
    if (faults_) return faults_->mismatched(name, *found, shape);
    throw Error(ErrorCode::invalid_input, "weight '" + name + "' is " + graph::to_string(*found) +
                                              ", the network needs " + graph::to_string(shape));
}

graph::Constant WeightReader::take(const std::string& name, const Shape& shape) {
    return take_joined({{name, shape}}, shape);
}

graph::Constant WeightReader::take_joined(const std::vector<std::pair<std::string, Shape>>& parts,
                                          const Shape& shape) {
    for (const auto& [name, part] : parts) check_shape(name, part);
    const auto fill = [weights = weights_, parts](std::span<float> out) {
        size_t at = 0;
        for (const auto& [name, part] : parts) {
            const size_t count = graph::elements(part);
            weights->fill(name, part, out.subspan(at, count));
            at += count;
        }
        check(at == out.size(), "joined weights do not fill their constant");
    };
    return {parts.front().first, shape, fill};
}

std::function<std::vector<float>()> WeightReader::take_values(const std::string& name, const Shape& shape) {
    check_shape(name, shape);
    return [weights = weights_, name, shape] {
        std::vector<float> values(graph::elements(shape));
        weights->fill(name, shape, values);
        return values;
    };
}

void WeightReader::ignore_prefix(const std::string& prefix) {
    for (const std::string& name : weights_->names())
        if (name.starts_with(prefix)) asked_for_.insert(name);
}

std::vector<std::string> WeightReader::unused() const {
    std::vector<std::string> result;
    for (const std::string& name : weights_->names())
        if (!asked_for_.contains(name)) result.push_back(name);
    return result;
}

}  // namespace msst::model
