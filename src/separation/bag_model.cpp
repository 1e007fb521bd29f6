#include "separation/bag_model.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace msst::separation {

BagModel::BagModel(std::vector<Member> members) : members_(std::move(members)) {
    check(!members_.empty(), "a bag holds no network");
    for (const Member& member : members_)
        check(member.weights.size() == info().instruments.size() &&
                  member.model->chunk_frames() == chunk_frames(),
              "the networks of a bag differ");
}

void BagModel::separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                        const ChunkRun& run) const {
    const int64_t stem_size = info().channels * chunk_frames();
    std::vector<float> part(stems.size());
    std::ranges::fill(stems, 0.0f);
    const auto count = static_cast<double>(members_.size());
    for (size_t m = 0; m < members_.size(); ++m) {
        ChunkRun of_member = run;
        if (run.on_progress)
            of_member.on_progress = [&](double fraction) {
                run.on_progress((static_cast<double>(m) + fraction) / count);
            };
        std::ranges::fill(part, 0.0f);  // stems that are not wanted stay as they are
        members_[m].model->separate(mixtures, batch, part, of_member);
        const std::vector<float>& weights = members_[m].weights;
        for (size_t i = 0; i < stems.size(); ++i)
            stems[i] += weights[i / stem_size % weights.size()] * part[i];
    }
}

}  // namespace msst::separation
