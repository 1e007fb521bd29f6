#include "separation/bag_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::separation {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kFrames = 2;

// Two mono stems: the mixture plus this network's own number, and ten times that.
class ShiftModel final : public ChunkModel {
public:
    explicit ShiftModel(float shift, int64_t frames = kFrames) : shift_(shift), frames_(frames) {}

    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return frames_; }

    void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                  const ChunkRun& run) const override {
        for (int64_t b = 0; b < batch; ++b)
            for (int64_t stem = 0; stem < 2; ++stem) {
                if (!run.wanted.empty() && !run.wanted[stem]) continue;
                for (int64_t i = 0; i < frames_; ++i)
                    stems[(b * 2 + stem) * frames_ + i] =
                        (mixtures[b * frames_ + i] + shift_) * (stem == 0 ? 1.0f : 10.0f);
            }
        if (run.on_progress) run.on_progress(1.0);
    }

private:
    SeparatorInfo info_{.instruments = {"a", "b"}, .sample_rate = 8000, .channels = 1};
    float shift_;
    int64_t frames_;
};

BagModel bag_of_two(std::vector<float> first, std::vector<float> second) {
    return BagModel({{std::make_shared<ShiftModel>(0.0f), std::move(first)},
                     {std::make_shared<ShiftModel>(4.0f), std::move(second)}});
}

std::vector<float> separate(const BagModel& bag, const std::vector<float>& mixtures,
                            const ChunkRun& run = {}) {
    std::vector<float> stems(2 * mixtures.size(), -1.0f);
    bag.separate(mixtures, static_cast<int>(std::ssize(mixtures) / kFrames), stems, run);
    return stems;
}

TEST(BagModel, GivesTheMeanOfItsNetworks) {
    EXPECT_THAT(separate(bag_of_two({0.5f, 0.5f}, {0.5f, 0.5f}), {1, 2}), ElementsAre(3, 4, 30, 40));
}

TEST(BagModel, WeighsItsNetworksStemByStemInEveryChunk) {
    EXPECT_THAT(separate(bag_of_two({1.0f, 0.25f}, {0.0f, 0.75f}), {1, 2, 5, 6}),
                ElementsAre(1, 2, 40, 50, 5, 6, 80, 90));
}

TEST(BagModel, AsksItsNetworksOnlyForWantedStems) {
    const auto stems = separate(bag_of_two({0.5f, 0.5f}, {0.5f, 0.5f}), {1, 2}, {.wanted = {false, true}});
    EXPECT_THAT(std::vector(stems.begin() + 2, stems.end()), ElementsAre(30, 40));
}

TEST(BagModel, TellsTheProgressOfAllItsNetworksTogether) {
    std::vector<double> told;
    separate(bag_of_two({1, 1}, {0, 0}), {1, 2}, {.on_progress = [&](double part) { told.push_back(part); }});
    EXPECT_THAT(told, ElementsAre(0.5, 1.0));
}

TEST(BagModel, RefusesNetworksThatDiffer) {
    EXPECT_THROW(BagModel({}), Error);
    EXPECT_THROW(BagModel({{std::make_shared<ShiftModel>(0.0f), {1}}}), Error);
    EXPECT_THROW(BagModel({{std::make_shared<ShiftModel>(0.0f), {1, 1}},
                           {std::make_shared<ShiftModel>(0.0f, kFrames + 1), {0, 0}}}),
                 Error);
}

}  // namespace
}  // namespace msst::separation
