#include "separation/network_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace msst::separation {

NetworkModel::NetworkModel(SeparatorInfo info, int64_t chunk_frames, int64_t network_stems,
                           std::unique_ptr<graph::Executable> executable, int64_t graph_outputs)
    : info_(std::move(info)),
      chunk_frames_(chunk_frames),
      network_stems_(network_stems),
      executable_(std::move(executable)),
      graph_outputs_(graph_outputs) {
    check(network_stems == 1 || network_stems == std::ssize(info_.instruments),
          "a network gives neither one stem nor as many as there are instruments");
    check(graph_outputs == 1 || graph_outputs == network_stems,
          "a graph has neither one output nor one per stem");
}

void NetworkModel::separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                            const ChunkRun& run) const {
    const int64_t chunk = info_.channels * chunk_frames_;
    const int64_t slots = std::ssize(info_.instruments) * chunk;
    check(std::ssize(mixtures) == batch * chunk && std::ssize(stems) == batch * slots,
          "a batch of chunks has the wrong size");
    for (int b = 0; b < batch; ++b) {
        graph::RunControl control{.stop = run.stop, .on_progress = {}};
        if (run.on_progress)
            control.on_progress = [&](double fraction) { run.on_progress((b + fraction) / batch); };
        run_chunk(mixtures.subspan(b * chunk, chunk), stems.subspan(b * slots, slots), run.wanted, control);
    }
}

void NetworkModel::run_chunk(std::span<const float> mixture, std::span<float> stems,
                             const std::vector<bool>& wanted, const graph::RunControl& control) const {
    const auto chunk = mixture.size();
    const std::array inputs = {mixture};
    const size_t size = network_stems_ / graph_outputs_ * chunk;
    std::vector<std::span<float>> outputs;
    for (int64_t i = 0; i < graph_outputs_; ++i) {
        const bool is_wanted = graph_outputs_ == 1 || wanted.empty() || wanted[i];
        outputs.push_back(is_wanted ? stems.subspan(i * size, size) : std::span<float>());
    }
    executable_->run(inputs, outputs, control);
    for (size_t at = network_stems_ * chunk; at < stems.size(); at += chunk)
        std::ranges::copy(stems.first(chunk), stems.begin() + static_cast<int64_t>(at));
}

}  // namespace msst::separation
