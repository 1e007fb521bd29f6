#pragma once

#include <string>
#include <vector>

#include "model/weights.h"

namespace msst::model {

struct ModelConfig;

// How the weights of a checkpoint fit the network of a configuration, name by name. All lists are sorted.
struct WeightReport {
    struct Weight {
        std::string name;
        graph::Shape shape;
    };
    struct Mismatch {
        std::string name;
        graph::Shape stored;
        graph::Shape needed;
    };

    std::vector<Weight> stored;        // all that the checkpoint holds
    std::vector<Weight> missing;       // that the network asks for, with the shape it needs
    std::vector<Mismatch> mismatched;  // there, with another shape
    std::vector<std::string> unused;   // there, and nobody asks for them
    std::vector<std::string> warnings;
    std::string problem;  // why the network could not be described to its end; empty: it could

    bool fits() const { return missing.empty() && mismatched.empty() && unused.empty() && problem.empty(); }
};

// Does not throw what is wrong with the weights or the configuration: it tells it.
WeightReport report_weights(const std::string& architecture, const ModelConfig& config,
                            const std::shared_ptr<const Weights>& weights);

}  // namespace msst::model
