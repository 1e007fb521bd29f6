#pragma once

#include <memory>
#include <vector>

#include "separation/chunk_model.h"

namespace msst::separation {

// Several networks for the same stems: each stem is the weighted mean of theirs.
class BagModel final : public ChunkModel {
public:
    struct Member {
        std::shared_ptr<const ChunkModel> model;
        std::vector<float> weights;  // per instrument; of all members together 1
    };

    // Members of the same info and chunk, at least one.
    explicit BagModel(std::vector<Member> members);

    const SeparatorInfo& info() const override { return members_.front().model->info(); }
    int64_t chunk_frames() const override { return members_.front().model->chunk_frames(); }
    void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                  const ChunkRun& run) const override;

private:
    std::vector<Member> members_;
};

}  // namespace msst::separation
