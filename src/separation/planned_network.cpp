#include "separation/planned_network.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "model/weights.h"
#include "separation/network_model.h"

namespace msst::separation {
namespace {

// Weights that tell how many of them were read.
class CountedWeights final : public model::Weights {
public:
    CountedWeights(std::shared_ptr<const model::Weights> weights, std::function<void(double)> on_loading)
        : weights_(std::move(weights)), on_loading_(std::move(on_loading)) {
        for (const std::string& name : weights_->names()) total_ += graph::elements(*weights_->find(name));
    }

    int64_t total() const { return total_; }

    std::optional<graph::Shape> find(const std::string& name) const override { return weights_->find(name); }
    std::vector<std::string> names() const override { return weights_->names(); }
    bool is_made_up() const override { return weights_->is_made_up(); }

    void fill(const std::string& name, const graph::Shape& shape, std::span<float> out) const override {
        weights_->fill(name, shape, out);
        if (!on_loading_ || total_ == 0) return;
        read_ += graph::elements(shape);
        on_loading_(std::min(1.0, static_cast<double>(read_) / static_cast<double>(total_)));
    }

private:
    std::shared_ptr<const model::Weights> weights_;
    std::function<void(double)> on_loading_;
    int64_t total_ = 0;
    mutable int64_t read_ = 0;  // a backend asks for one constant at a time
};

std::shared_ptr<const model::Weights> open_weights(const std::filesystem::path& path) {
    if (path.empty()) return model::make_random_weights();
    return model::make_checkpoint_weights(
        std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(path)));
}

// With a target its stem alone. A target that is no instrument is only a name, which a network with one stem
// can bear.
model::Network build_wanted_stems(const std::string& architecture, const model::ModelConfig& config,
                                  const std::shared_ptr<const model::Weights>& weights) {
    const bool has_place = config.target && std::ranges::count(config.instruments, *config.target) > 0;
    model::NetworkOptions options;
    if (has_place) options.stems = {config.target_index()};
    model::Network network = model::build_network(architecture, config, weights, options);
    if (config.target && !has_place && network.stems > 1)
        throw Error(ErrorCode::invalid_input,
                    "training.target_instrument is '" + clean_text(*config.target, 64) +
                        "', which is none of the training.instruments of a network with " +
                        std::to_string(network.stems) + " stems");
    return network;
}

void check_stems(const model::Network& network, const SeparatorInfo& info) {
    if (network.stems != 1 && network.stems != std::ssize(info.instruments))
        throw Error(ErrorCode::invalid_input, "the network gives " + std::to_string(network.stems) +
                                                  " stems, the configuration names " +
                                                  std::to_string(info.instruments.size()));
}

}  // namespace

double PlannedNetwork::chunk_seconds() const {
    return static_cast<double>(network.chunk_frames) / config.sample_rate;
}

int64_t PlannedNetwork::device_bytes() const {
    return plan.weight_bytes + plan.arena_bytes;
}

double PlannedNetwork::flops_per_audio_second() const {
    const auto step = static_cast<double>(network.chunk_frames / rules.num_overlap);
    return plan.flops * config.sample_rate / step;
}

PlannedNetwork plan_network(const NetworkSource& source, std::shared_ptr<const graph::Backend> backend,
                            const std::function<void(double)>& on_loading) {
    PlannedNetwork planned;
    planned.backend = std::move(backend);
    planned.config = model::read_model_config(source.config_path);
    const auto weights =
        std::make_shared<const CountedWeights>(open_weights(source.checkpoint_path), on_loading);
    planned.network = build_wanted_stems(source.architecture, planned.config, weights);
    planned.info = {.instruments = planned.config.written_instruments(),
                    .sample_rate = planned.config.sample_rate,
                    .channels = static_cast<int>(planned.network.channels)};
    planned.info.is_normalized = planned.config.normalize;
    check_stems(planned.network, planned.info);
    planned.rules = {.edges = parse_chunk_edges(source.chunk_edges.empty() ? planned.config.chunk_edges
                                                                           : source.chunk_edges),
                     .num_overlap = planned.config.num_overlap,
                     .batch_size = planned.config.batch_size};
    check_rules(planned.rules, planned.network.chunk_frames);
    planned.plan = planned.backend->plan(planned.network.graph);
    planned.parameters = weights->is_made_up() ? planned.network.graph.constant_elements() : weights->total();
    planned.warnings = planned.network.warnings;
    return planned;
}

std::shared_ptr<const ChunkModel> compile_network(const PlannedNetwork& planned) {
    struct Compiled {
        std::shared_ptr<const graph::Backend> backend;  // outlives what it compiled
        NetworkModel model;
    };
    std::shared_ptr<Compiled> compiled(new Compiled{
        planned.backend, NetworkModel(planned.info, planned.network.chunk_frames, planned.network.stems,
                                      planned.backend->compile(planned.network.graph, planned.plan),
                                      std::ssize(planned.network.graph.outputs()))});
    return {compiled, &compiled->model};
}

std::shared_ptr<const Separator> open_network_separator(const NetworkSource& source,
                                                        std::shared_ptr<const graph::Backend> backend,
                                                        const std::function<void(double)>& on_loading) {
    const PlannedNetwork planned = plan_network(source, std::move(backend), on_loading);
    return std::make_shared<ChunkedSeparator>(compile_network(planned), planned.rules);
}

}  // namespace msst::separation
