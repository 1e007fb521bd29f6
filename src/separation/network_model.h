#pragma once

#include <cstdint>
#include <memory>

#include "graph/backend.h"
#include "separation/chunk_model.h"

namespace msst::separation {

// A compiled graph for one chunk, as model::Network describes it, as the chunk loop wants it. A batch runs
// chunk by chunk. Where the graph gives one stem, every instrument gets it, as MSST's broadcast does. Where
// it has an output per stem, only the wanted ones are computed.
class NetworkModel final : public ChunkModel {
public:
    // network_stems: 1, or as many as info has instruments; graph_outputs: 1, or as many as there are stems.
    NetworkModel(SeparatorInfo info, int64_t chunk_frames, int64_t network_stems,
                 std::unique_ptr<graph::Executable> executable, int64_t graph_outputs = 1);

    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return chunk_frames_; }
    void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                  const ChunkRun& run) const override;

private:
    void run_chunk(std::span<const float> mixture, std::span<float> stems, const std::vector<bool>& wanted,
                   const graph::RunControl& control) const;

    SeparatorInfo info_;
    int64_t chunk_frames_;
    int64_t network_stems_;
    std::unique_ptr<graph::Executable> executable_;
    int64_t graph_outputs_;
};

}  // namespace msst::separation
