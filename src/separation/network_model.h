#pragma once

#include <cstdint>
#include <memory>

#include "graph/backend.h"
#include "separation/chunk_model.h"

namespace msst::separation {

// A compiled graph for one chunk, input [channels, chunk_frames] and output [stems, channels, chunk_frames],
// as the chunk loop wants it. A batch runs chunk by chunk. Where the graph gives one stem, every instrument
// gets it, as MSST's broadcast does.
class NetworkModel final : public ChunkModel {
public:
    // network_stems: 1, or as many as info has instruments.
    NetworkModel(SeparatorInfo info, int64_t chunk_frames, int64_t network_stems,
                 std::unique_ptr<graph::Executable> executable);

    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return chunk_frames_; }
    void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                  const std::stop_token& stop, const std::function<void(double)>& on_progress) const override;

private:
    void run(std::span<const float> mixture, std::span<float> stems, const graph::RunControl& control) const;

    SeparatorInfo info_;
    int64_t chunk_frames_;
    int64_t network_stems_;
    std::unique_ptr<graph::Executable> executable_;
};

}  // namespace msst::separation
