#include "model/lora.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/made_weights.h"
#include "yaml/reader.h"

namespace msst::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MadeWeights;
using Tensors = std::map<std::string, MadeWeights::Tensor>;

// W [4, 2] with additions of rank 2.
Tensors with_additions() {
    return {{"other", {{1}, {7}}},
            {"x.bias", {{4}, {1, 2, 3, 4}}},
            {"x.lora_A", {{2, 2}, {1, 2, 3, 4}}},
            {"x.lora_B", {{4, 2}, {1, 0, 0, 1, 1, 1, 0, 0}}},
            {"x.weight", {{4, 2}, {10, 20, 30, 40, 50, 60, 70, 80}}}};
}

std::shared_ptr<const Weights> merge(const Tensors& tensors, const std::string& text) {
    const ConfigSection root("", yaml::parse_document(text, "test"));
    return merge_lora(std::make_shared<MadeWeights>(tensors), root.section("lora"));
}

std::vector<float> read(const Weights& weights, const std::string& name) {
    const graph::Shape shape = *weights.find(name);
    std::vector<float> values(graph::elements(shape));
    weights.fill(name, shape, values);
    return values;
}

std::string refusal(const Tensors& tensors, const std::string& text) {
    try {
        merge(tensors, text);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        return error.what();
    }
    return "not refused";
}

TEST(Lora, AddsTheProductTimesAlphaOverRank) {
    const auto merged = merge(with_additions(), "lora: {r: 2, lora_alpha: 1}");

    EXPECT_THAT(merged->names(), ElementsAre("other", "x.bias", "x.weight"));
    EXPECT_THAT(read(*merged, "x.weight"), ElementsAre(10.5, 21, 31.5, 42, 52, 63, 70, 80));
    EXPECT_THAT(read(*merged, "x.bias"), ElementsAre(1, 2, 3, 4));
    EXPECT_FALSE(merged->find("x.lora_A"));
}

TEST(Lora, AddsOnlyToThePartsThatAreEnabled) {
    Tensors tensors = with_additions();
    tensors["x.lora_A"] = {{2, 2}, {1, 2, 3, 4}};  // rank 1, a group for the first and one for the last part
    tensors["x.lora_B"] = {{2, 1}, {1, -1}};
    const auto merged =
        merge(tensors, "lora: {r: 1, lora_alpha: 2, enable_lora: [true, false, false, true]}");

    EXPECT_THAT(read(*merged, "x.weight"), ElementsAre(12, 24, 30, 40, 50, 60, 64, 72));
}

TEST(Lora, LeavesWeightsWithoutAdditionsAlone) {
    const auto weights = std::make_shared<MadeWeights>(Tensors{{"a", {{1}, {1}}}});

    EXPECT_EQ(merge_lora(weights, ConfigSection()), weights);
}

TEST(Lora, RefusesAdditionsThatDoNotFit) {
    const std::string yaml = "lora: {r: 2, lora_alpha: 1}";
    EXPECT_THAT(refusal(with_additions(), "model: {}"), HasSubstr("no section 'lora' with r and lora_alpha"));
    EXPECT_THAT(refusal(with_additions(), "lora: {r: 0, lora_alpha: 1}"), HasSubstr("'lora.r'"));
    EXPECT_THAT(refusal(with_additions(), "lora: {r: 3, lora_alpha: 1}"),
                HasSubstr("weight 'x.lora_A' is [2, 2], a LoRA of rank 3 needs [3, 2]"));
    EXPECT_THAT(refusal(with_additions(), "lora: {r: 2, lora_alpha: 1, enable_lora: [false]}"),
                HasSubstr("enables nothing"));
    Tensors tensors = with_additions();
    tensors.erase("x.weight");
    EXPECT_THAT(refusal(tensors, yaml), HasSubstr("'x.lora_A' but not 'x.weight'"));
    tensors = with_additions();
    tensors.erase("x.lora_A");
    EXPECT_THAT(refusal(tensors, yaml), HasSubstr("'x.lora_B' but not 'x.lora_A'"));
    tensors = with_additions();
    tensors["x.weight"].shape = {2, 2, 2};
    EXPECT_THAT(refusal(tensors, yaml), HasSubstr("[2, 2, 2], no matrix"));
}

}  // namespace
}  // namespace msst::model
