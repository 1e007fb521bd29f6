#include "model/weight_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parity/golden.h"
#include "parity/overlay_weights.h"

namespace msst {
namespace {

using ::testing::ElementsAre;
using testing::filled;
using testing::Golden;
using ::testing::HasSubstr;
using testing::OverlayWeights;

// Weights without one of them.
class Without final : public model::Weights {
public:
    Without(std::shared_ptr<const model::Weights> below, std::string name)
        : below_(std::move(below)), name_(std::move(name)) {}
    std::optional<graph::Shape> find(const std::string& name) const override {
        return name == name_ ? std::nullopt : below_->find(name);
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> names = below_->names();
        std::erase(names, name_);
        return names;
    }
    void fill(const std::string& name, const graph::Shape& shape, std::span<float> out) const override {
        below_->fill(name, shape, out);
    }

private:
    std::shared_ptr<const model::Weights> below_;
    std::string name_;
};

class WeightReportTest : public ::testing::Test {
protected:
    model::WeightReport report(std::shared_ptr<const model::Weights> weights) const {
        return model::report_weights("bs_roformer", golden_.config(), weights);
    }
    Golden golden_{"bs_roformer-plain"};
};

TEST_F(WeightReportTest, OfTheRightWeightsFindsNothing) {
    const model::WeightReport found = report(golden_.weights());

    EXPECT_TRUE(found.fits()) << found.problem;
    EXPECT_EQ(found.stored.size(), golden_.weights()->names().size());
}

TEST_F(WeightReportTest, TellsEveryFaultAndNotOnlyTheFirst) {
    const auto fewer = std::make_shared<Without>(golden_.weights(), "layers.1.1.layers.0.1.net.4.bias");
    const auto weights = std::make_shared<OverlayWeights>(
        fewer, std::map<std::string, OverlayWeights::Tensor>{{"final_norm.gamma", filled({25}, 1)},
                                                             {"new_thing.weight", filled({1}, 1)}});
    const model::WeightReport found = report(weights);

    ASSERT_EQ(found.missing.size(), 1u);
    EXPECT_EQ(found.missing[0].name, "layers.1.1.layers.0.1.net.4.bias");
    EXPECT_THAT(found.missing[0].shape, ElementsAre(24));
    ASSERT_EQ(found.mismatched.size(), 1u);
    EXPECT_EQ(found.mismatched[0].name, "final_norm.gamma");
    EXPECT_THAT(found.mismatched[0].stored, ElementsAre(25));
    EXPECT_THAT(found.mismatched[0].needed, ElementsAre(24));
    EXPECT_THAT(found.unused, ElementsAre("new_thing.weight"));
    EXPECT_EQ(found.problem, "");
    EXPECT_FALSE(found.fits());
}

TEST_F(WeightReportTest, OfAnotherNetworksWeightsTellsWhyItCannotGoOn) {
    const model::WeightReport found = report(Golden("mel_band_roformer-plain").weights());

    EXPECT_FALSE(found.fits());
    EXPECT_FALSE(found.stored.empty());
    EXPECT_THAT(found.problem, HasSubstr("bands"));
}

}  // namespace
}  // namespace msst
