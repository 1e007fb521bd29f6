#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace msst::checkpoint {
class Checkpoint;
}

namespace msst::model {

// Where a network's weights come from.
class Weights {
public:
    virtual ~Weights() = default;

    // The shape of a weight; nothing if there is none of this name.
    virtual std::optional<graph::Shape> find(const std::string& name) const = 0;

    virtual std::vector<std::string> names() const = 0;

    // Writes all elements of a weight whose shape is `shape`, row-major.
    virtual void fill(const std::string& name, const graph::Shape& shape, std::span<float> out) const = 0;

    // True where any name can be filled with any shape: weights for measuring speed.
    virtual bool is_made_up() const { return false; }
};

std::shared_ptr<const Weights> make_checkpoint_weights(
    std::shared_ptr<const checkpoint::Checkpoint> checkpoint);

// Reproducible random numbers, scaled so that activations keep their size.
std::shared_ptr<const Weights> make_random_weights();

// Told what is wrong with a checkpoint instead of an Error at the first fault.
class WeightFaults {
public:
    virtual ~WeightFaults() = default;
    virtual void missing(const std::string& name, const graph::Shape& needed) = 0;
    virtual void mismatched(const std::string& name, const graph::Shape& stored,
                            const graph::Shape& needed) = 0;
    virtual void unused(const std::vector<std::string>& names) = 0;  // sorted
};

// Hands out weights by name with the shape the network needs, and remembers who was asked for.
class WeightReader {
public:
    // faults: null: they are thrown. Else what take() gives for a weight at fault can only be looked at, not
    // filled.
    explicit WeightReader(std::shared_ptr<const Weights> weights, WeightFaults* faults = nullptr)
        : weights_(std::move(weights)), faults_(faults) {}

    bool has(const std::string& name) const { return weights_->find(name).has_value(); }
    std::optional<graph::Shape> shape(const std::string& name) const { return weights_->find(name); }
    std::vector<std::string> names() const { return weights_->names(); }
    bool is_made_up() const { return weights_->is_made_up(); }

    // Throws Error(invalid_input) if it is missing or has another shape (axes of size 1 do not matter). The
    // constant has exactly `shape`.
    graph::Constant take(const std::string& name, const graph::Shape& shape);

    // Weights one after another as one constant of `shape`.
    graph::Constant take_joined(const std::vector<std::pair<std::string, graph::Shape>>& parts,
                                const graph::Shape& shape);

    // The numbers themselves, for tables computed from them.
    std::function<std::vector<float>()> take_values(const std::string& name, const graph::Shape& shape);

    // These may stay unused.
    void ignore(const std::string& name) { asked_for_.insert(name); }
    void ignore_prefix(const std::string& prefix);

    // Sorted names that nobody took.
    std::vector<std::string> unused() const;

private:
    void check_shape(const std::string& name, const graph::Shape& shape);

    std::shared_ptr<const Weights> weights_;
    WeightFaults* faults_;
    std::set<std::string> asked_for_;
};

}  // namespace msst::model
