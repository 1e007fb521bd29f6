#include "model/model_types.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/network.h"

namespace msst::model {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Every string that MSST's get_model_from_config accepts, and those that MSST-GUI adds.
const std::vector<std::string> kTypes = {"mdx23c",
                                         "htdemucs",
                                         "segm_models",
                                         "torchseg",
                                         "mel_band_roformer",
                                         "mel_band_conformer",
                                         "mel_band_roformer_experimental",
                                         "bs_roformer",
                                         "bs_conformer",
                                         "bs_roformer_experimental",
                                         "bs_mamba2",
                                         "swin_upernet",
                                         "bandit",
                                         "bandit_v2",
                                         "scnet_unofficial",
                                         "scnet",
                                         "scnet_tran",
                                         "apollo",
                                         "experimental_mdx23c_stht",
                                         "scnet_masked",
                                         "conformer",
                                         "moises_light",
                                         "vr",
                                         "mdxnet",
                                         "dttnet",
                                         "medley_vox",
                                         "bs_roformer_unwa_large"};

std::string type_refusal(const std::string& model_type) {
    try {
        require_supported_type(model_type);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        EXPECT_EQ(error.reason(), "unsupported_model");
        return error.what();
    }
    return "";
}

class ModelType : public ::testing::TestWithParam<std::string> {};

TEST_P(ModelType, IsRunOrRefusedByNameWithAReason) {
    EXPECT_TRUE(is_known_type(GetParam()));
    if (std::ranges::count(supported_architectures(), GetParam()) > 0) {
        EXPECT_EQ(type_refusal(GetParam()), "");
        return;
    }
    const auto refused = std::ranges::find(refused_types(), GetParam(), &RefusedType::name);
    ASSERT_NE(refused, refused_types().end());
    EXPECT_EQ(type_refusal(GetParam()),
              "networks of type '" + GetParam() + "' are not run: " + std::string(refused->reason));
}

// A sentence in full goes "networks of type 'x' are not run: <reason>".
TEST(ModelTypes, ReasonsAreOneClauseEach) {
    for (const auto& [name, reason] : refused_types()) {
        EXPECT_GE(reason.size(), 20u) << name;
        EXPECT_THAT(std::string(reason), Not(HasSubstr("\n"))) << name;
        EXPECT_NE(reason.back(), '.') << name;
    }
}

INSTANTIATE_TEST_SUITE_P(OfMsst, ModelType, ::testing::ValuesIn(kTypes),
                         [](const auto& test) { return test.param; });

TEST(ModelTypes, NoneIsBothRunAndRefused) {
    for (const std::string& name : supported_architectures())
        EXPECT_EQ(std::ranges::count(refused_types(), name, &RefusedType::name), 0) << name;
}

TEST(ModelTypes, AnUnknownOneIsRefusedToo) {
    EXPECT_FALSE(is_known_type("unet\n"));
    EXPECT_THAT(type_refusal("unet\n"), AllOf(HasSubstr("'unet"), HasSubstr("no network is known")));
}

}  // namespace
}  // namespace msst::model
