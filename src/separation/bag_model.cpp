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
                        const std::stop_token& stop, const std::function<void(double)>& on_progress) const {
    const int64_t stem_size = info().channels * chunk_frames();
    std::vector<float> part(stems.size());
    std::ranges::fill(stems, 0.0f);
    const auto count = static_cast<double>(members_.size());
    for (size_t m = 0; m < members_.size(); ++m) {
        std::function<void(double)> report;
        if (on_progress)
            report = [&](double fraction) { on_progress((static_cast<double>(m) + fraction) / count); };
        members_[m].model->separate(mixtures, batch, part, stop, report);
        const std::vector<float>& weights = members_[m].weights;
        for (size_t i = 0; i < stems.size(); ++i)
            stems[i] += weights[i / stem_size % weights.size()] * part[i];
    }
}

}  // namespace msst::separation
