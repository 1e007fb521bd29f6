#include "separation/network_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace msst::separation {

NetworkModel::NetworkModel(SeparatorInfo info, int64_t chunk_frames, int64_t network_stems,
                           std::unique_ptr<graph::Executable> executable)
    : info_(std::move(info)),
      chunk_frames_(chunk_frames),
      network_stems_(network_stems),
      executable_(std::move(executable)) {
    check(network_stems == 1 || network_stems == std::ssize(info_.instruments),
          "a network gives neither one stem nor as many as there are instruments");
}

void NetworkModel::separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                            const std::stop_token& stop,
                            const std::function<void(double)>& on_progress) const {
    const int64_t chunk = info_.channels * chunk_frames_;
    const int64_t slots = std::ssize(info_.instruments) * chunk;
    check(std::ssize(mixtures) == batch * chunk && std::ssize(stems) == batch * slots,
          "a batch of chunks has the wrong size");
    for (int b = 0; b < batch; ++b) {
        graph::RunControl control{.stop = stop, .on_progress = {}};
        if (on_progress) control.on_progress = [&](double fraction) { on_progress((b + fraction) / batch); };
        run(mixtures.subspan(b * chunk, chunk), stems.subspan(b * slots, slots), control);
    }
}

void NetworkModel::run(std::span<const float> mixture, std::span<float> stems,
                       const graph::RunControl& control) const {
    const auto chunk = mixture.size();
    const std::array inputs = {mixture};
    const std::array outputs = {stems.first(network_stems_ * chunk)};
    executable_->run(inputs, outputs, control);
    for (size_t at = outputs.front().size(); at < stems.size(); at += chunk)
        std::ranges::copy(stems.first(chunk), stems.begin() + static_cast<int64_t>(at));
}

}  // namespace msst::separation
