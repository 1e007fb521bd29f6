#pragma once

#include <cmath>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "checkpoint/checkpoint.h"
#include "graph/backend.h"
#include "model/network.h"

namespace msst::testing {

// Tensors of golden cases that some test of this process compared something with: "<case>/<tensor>".
inline std::set<std::string>& compared_tensors() {
    static std::set<std::string> tensors;
    return tensors;
}

// One folder of tests/data/goldens.
class Golden {
public:
    explicit Golden(const std::string& name)
        : name_(name),
          folder_(std::filesystem::path(MSST_TEST_DATA) / "goldens" / name),
          tensors_(checkpoint::Checkpoint::open(folder_ / "golden.safetensors")) {}

    std::vector<float> tensor(const std::string& name) const {
        compared_tensors().insert(name_ + "/" + name);
        return tensors_.read(name);
    }
    const checkpoint::Checkpoint& tensors() const { return tensors_; }
    model::ModelConfig config() const { return model::read_model_config(folder_ / "config.yaml"); }
    std::string config_text() const { return read_file(folder_ / "config.yaml"); }

    std::shared_ptr<const model::Weights> weights() const {
        for (const char* name : {"model.ckpt", "model.th", "model.safetensors"})
            if (std::filesystem::exists(folder_ / name))
                return model::make_checkpoint_weights(
                    std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(folder_ / name)));
        throw Error(ErrorCode::not_found, "the golden case has no weights");
    }

private:
    std::string name_;
    std::filesystem::path folder_;
    checkpoint::Checkpoint tensors_;
};

// ||ours - golden|| / ||golden||; infinite when the sizes differ.
inline double relative_error(std::span<const float> ours, std::span<const float> golden) {
    if (ours.size() != golden.size()) return INFINITY;
    double difference = 0;
    double size = 0;
    for (size_t i = 0; i < ours.size(); ++i) {
        difference += (static_cast<double>(ours[i]) - golden[i]) * (static_cast<double>(ours[i]) - golden[i]);
        size += static_cast<double>(golden[i]) * golden[i];
    }
    return std::sqrt(difference / size);
}

// The network's outputs for `input`, one behind the other, computed by `backend`.
inline std::vector<float> run_network(const graph::Backend& backend, const model::Network& network,
                                      std::span<const float> input) {
    const auto executable = backend.compile(network.graph, backend.plan(network.graph));
    std::vector<float> output(network.stems * network.channels * network.chunk_frames);
    const size_t size = output.size() / network.graph.outputs().size();
    const std::vector<std::span<const float>> inputs = {input};
    std::vector<std::span<float>> outputs;
    for (size_t at = 0; at < output.size(); at += size)
        outputs.push_back(std::span(output).subspan(at, size));
    executable->run(inputs, outputs, {});
    return output;
}

}  // namespace msst::testing
