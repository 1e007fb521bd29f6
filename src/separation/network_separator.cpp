#include "separation/network_separator.h"

#include <algorithm>

#include "base/error.h"
#include "model/network.h"

namespace msst::separation {
namespace {

// One chunk at a time: a batch fills no more of a machine than a chunk does.
class NetworkModel final : public ChunkModel {
public:
    NetworkModel(SeparatorInfo info, const model::Network& network,
                 std::unique_ptr<graph::Executable> executable)
        : info_(std::move(info)),
          chunk_frames_(network.chunk_frames),
          stems_(network.stems),
          executable_(std::move(executable)) {}

    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return chunk_frames_; }

    void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                  const std::stop_token& stop,
                  const std::function<void(double)>& on_progress) const override {
        const int64_t chunk = info_.channels * chunk_frames_;
        const int64_t slots = std::ssize(info_.instruments);
        check(std::ssize(mixtures) == batch * chunk && std::ssize(stems) == batch * slots * chunk,
              "a batch of chunks has the wrong size");
        for (int64_t i = 0; i < batch; ++i) {
            graph::RunControl control;
            control.stop = stop;
            if (on_progress)
                control.on_progress = [&](double fraction) {
                    on_progress((static_cast<double>(i) + fraction) / static_cast<double>(batch));
                };
            run(mixtures.subspan(i * chunk, chunk), stems.subspan(i * slots * chunk, slots * chunk), control);
        }
    }

private:
    void run(std::span<const float> mixture, std::span<float> stems, const graph::RunControl& control) const {
        const int64_t chunk = std::ssize(mixture);
        const std::span<const float> inputs[] = {mixture};
        const std::span<float> outputs[] = {stems.first(stems_ * chunk)};
        executable_->run(inputs, outputs, control);
        for (int64_t slot = stems_; slot < std::ssize(info_.instruments); ++slot)
            std::ranges::copy(stems.first(chunk), stems.subspan(slot * chunk, chunk).begin());
    }

    SeparatorInfo info_;
    int64_t chunk_frames_;
    int64_t stems_;  // that the network gives: 1, or as many as there are instruments
    std::unique_ptr<graph::Executable> executable_;
};

}  // namespace

LoadedNetwork load_network(const std::string& architecture, const model::ModelConfig& config,
                           const std::shared_ptr<const model::Weights>& weights,
                           const graph::Backend& backend) {
    model::NetworkOptions options;
    if (config.target) options.stems = {config.target_index()};
    const model::Network network = model::build_network(architecture, config, weights, options);
    SeparatorInfo info{config.written_instruments(), config.sample_rate, static_cast<int>(network.channels)};
    if (network.stems != 1 && network.stems != std::ssize(info.instruments))
        throw Error(ErrorCode::invalid_input, "the network gives " + std::to_string(network.stems) +
                                                  " stems, the configuration names " +
                                                  std::to_string(info.instruments.size()));
    LoadedNetwork loaded;
    loaded.warnings = network.warnings;
    if (config.normalize) loaded.warnings.emplace_back("inference.normalize is not applied");
    loaded.plan = backend.plan(network.graph);
    loaded.weight_bytes = network.graph.constant_elements() * static_cast<int64_t>(sizeof(float));
    auto model = std::make_shared<NetworkModel>(info, network, backend.compile(network.graph, loaded.plan));
    const ChunkRules rules{.num_overlap = config.num_overlap, .batch_size = config.batch_size};
    loaded.separator = std::make_shared<ChunkedSeparator>(std::move(model), rules);
    return loaded;
}

}  // namespace msst::separation
