#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "parity/golden.h"

namespace msst {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::relative_error;
using testing::run_network;

struct ScnetCase {
    std::string folder;
    std::string architecture;
};

class ScnetParity : public ::testing::TestWithParam<ScnetCase> {
protected:
    Golden golden_{GetParam().folder};
    model::Network network_ =
        model::build_network(GetParam().architecture, golden_.config(), golden_.weights());

    double error_on(const graph::Backend& backend) const {
        const double error = relative_error(run_network(backend, network_, golden_.tensor("input")),
                                            golden_.tensor("forward"));
        RecordProperty("relative_error", std::to_string(error));
        return error;
    }
};

// Both compute in float32; sums are ordered differently.
constexpr double kScnetTolerance = 2e-5;

TEST_P(ScnetParity, ReferenceAgreesWithPyTorch) {
    EXPECT_LT(error_on(backend::ReferenceBackend()), kScnetTolerance);
    EXPECT_TRUE(network_.warnings.empty()) << network_.warnings.front();
}

TEST_P(ScnetParity, ProcessorAgreesWithPyTorch) {
    EXPECT_LT(error_on(backend::CpuBackend({.threads = 2, .precision = backend::Precision::float32})),
              kScnetTolerance);
}

// Eight bits of every factor of a matrix product: 34 dB.
TEST_P(ScnetParity, ProcessorAgreesWithPyTorchInBfloat16) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    EXPECT_LT(error_on(backend::CpuBackend({.threads = 2, .precision = backend::Precision::bfloat16})), 2e-2);
}

INSTANTIATE_TEST_SUITE_P(Goldens, ScnetParity,
                         ::testing::Values(ScnetCase{"scnet-small", "scnet"},
                                           ScnetCase{"scnet-large", "scnet"},
                                           ScnetCase{"scnet_masked", "scnet_masked"},
                                           ScnetCase{"scnet_tran", "scnet_tran"}),
                         [](const auto& test) {
                             std::string name = test.param.folder;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(Scnet, WithTransformerKeysIsBuiltWithTransformers) {
    const Golden golden("scnet_tran");
    const auto network = model::build_network("scnet", golden.config(), golden.weights());
    const auto ours = run_network(backend::ReferenceBackend(), network, golden.tensor("input"));

    EXPECT_LT(relative_error(ours, golden.tensor("forward")), kScnetTolerance);
}

TEST(Scnet, OneStemOfFourIsThatStem) {
    for (const char* folder : {"scnet-small", "scnet_masked"}) {
        const Golden golden(folder);
        const auto network = model::build_network(folder == std::string("scnet-small") ? "scnet" : folder,
                                                  golden.config(), golden.weights(), {.stems = {{2}}});
        const auto ours = run_network(backend::ReferenceBackend(), network, golden.tensor("input"));
        const auto all = golden.tensor("forward");
        const size_t stem = all.size() / 4;

        EXPECT_LT(relative_error(ours, std::span(all).subspan(2 * stem, stem)), kScnetTolerance) << folder;
    }
}

std::string refusal_of(const std::string& setting) {
    const std::string yaml =
        "audio: {chunk_size: 8192}\ntraining: {instruments: [vocals]}\nmodel: {nfft: 512, hop_size: 8, "
        "win_size: 16, " +
        setting + "}\n";
    try {
        model::build_network("scnet", model::parse_model_config(yaml), model::make_random_weights());
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Scnet, SettingsThatCannotBeAreRefusedByName) {
    EXPECT_THAT(refusal_of("dims: [8, 16]"), HasSubstr("'model.dims' in the configuration begins with 8"));
    EXPECT_THAT(refusal_of("num_dplayer: 3"), HasSubstr("'model.num_dplayer' in the configuration is 3"));
    EXPECT_THAT(refusal_of("band_SR: [0.5, 0.6, 0.1]"), HasSubstr("'model.band_SR'"));
    EXPECT_THAT(refusal_of("band_stride: [1, 4]"),
                HasSubstr("'model.band_stride' in the configuration has 2 entries"));
    EXPECT_THAT(refusal_of("band_kernel: [3, 2, 16]"), HasSubstr("stride of 4 and a kernel of 2"));
    EXPECT_THAT(refusal_of("compress: 64"), HasSubstr("'model.compress'"));
    EXPECT_THAT(refusal_of("band_SR: [0.6, 0.399, 0.001]"),
                HasSubstr("a band of 0 of 257 bins cannot be sampled"));
}

}  // namespace
}  // namespace msst
