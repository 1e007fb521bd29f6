#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "parity/golden.h"
#include "parity/overlay_weights.h"

namespace msst {
namespace {

using testing::filled;
using testing::Golden;
using ::testing::HasSubstr;
using testing::OverlayWeights;
using testing::relative_error;

// All outputs of the network, one after another.
std::vector<float> run_mdx23c(const graph::Backend& backend, const model::Network& network,
                              std::span<const float> input) {
    const auto executable = backend.compile(network.graph, backend.plan(network.graph));
    const int64_t size = network.channels * network.chunk_frames;
    std::vector<float> stems(network.stems * size);
    std::vector<std::span<float>> outputs;
    for (int64_t stem = 0; stem < network.stems; ++stem)
        outputs.push_back(std::span(stems).subspan(stem * size, size));
    const std::vector<std::span<const float>> inputs = {input};
    executable->run(inputs, outputs, {});
    return stems;
}

class Mdx23cParity : public ::testing::TestWithParam<const char*> {
protected:
    double error_of(const graph::Backend& backend) {
        const auto network = model::build_network("mdx23c", golden_.config(), golden_.weights());
        EXPECT_TRUE(network.warnings.empty()) << network.warnings.front();
        const auto ours = run_mdx23c(backend, network, golden_.tensor("input"));
        const double error = relative_error(ours, golden_.tensor("forward"));
        RecordProperty("relative_error", std::to_string(error));
        return error;
    }

    Golden golden_{GetParam()};
};

// Both compute in float32; sums are ordered differently.
constexpr double kTolerance = 2e-5;

TEST_P(Mdx23cParity, ReferenceAgreesWithPyTorch) {
    EXPECT_LT(error_of(backend::ReferenceBackend()), kTolerance);
}

TEST_P(Mdx23cParity, ProcessorAgreesWithPyTorch) {
    EXPECT_LT(error_of(backend::CpuBackend({.threads = 2, .precision = backend::Precision::float32})),
              kTolerance);
}

// Eight bits of every factor, and of everything that is stored between two layers: 34 dB.
TEST_P(Mdx23cParity, ProcessorAgreesWithPyTorchInBfloat16) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    EXPECT_LT(error_of(backend::CpuBackend({.threads = 2, .precision = backend::Precision::bfloat16})), 2e-2);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Mdx23cParity, ::testing::Values("mdx23c-instance", "mdx23c-batchnorm"),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

class Mdx23cStructure : public ::testing::Test {
protected:
    static std::string yaml(const std::string& audio, const std::string& model) {
        return "audio: {n_fft: 1024, num_channels: 2, sample_rate: 44100, " + audio +
               "}\ntraining: {instruments: [vocals, other]}\nmodel: {act: gelu, " + model + "}\n";
    }

    model::Network build(const std::string& text) const {
        return model::build_network("mdx23c", model::parse_model_config(text), golden_.weights());
    }

    std::string refusal(const std::string& text) const {
        try {
            build(text);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }

    const std::string audio_ = "chunk_size: 7936, dim_f: 512, hop_length: 256";
    const std::string model_ =
        "norm: InstanceNorm, bottleneck_factor: 4, growth: 8, num_blocks_per_scale: 2, num_channels: 8, "
        "num_scales: 2, num_subbands: 2, scale: [2, 2]";
    Golden golden_{"mdx23c-instance"};
};

TEST_F(Mdx23cStructure, WeightsAreBelievedWhereTheConfigurationIsWrong) {
    const model::Network network =
        build(yaml("chunk_size: 7936, dim_f: 128, hop_length: 256",
                   "norm: BatchNorm, bottleneck_factor: 3, growth: 16, num_blocks_per_scale: 1, "
                   "num_channels: 99, num_scales: 4, num_subbands: 1, scale: [4, 2]"));
    const auto ours = run_mdx23c(backend::ReferenceBackend(), network, golden_.tensor("input"));

    EXPECT_LT(relative_error(ours, golden_.tensor("forward")), kTolerance);
    EXPECT_THAT(network.warnings,
                ::testing::Contains(HasSubstr("num_channels: the configuration says 99, the weights say 8")));
    EXPECT_EQ(network.warnings.size(), 9u);
}

TEST_F(Mdx23cStructure, AChunkMustFitTheScales) {
    EXPECT_EQ(refusal(yaml(audio_, model_)), "");
    EXPECT_THAT(refusal(yaml("chunk_size: 8000, dim_f: 512, hop_length: 256", model_)),
                HasSubstr("8000 samples, which is no multiple of the hop of 256"));
    EXPECT_THAT(refusal(yaml("chunk_size: 8192, dim_f: 512, hop_length: 256", model_)),
                HasSubstr("33 time steps, which is no multiple of 4"));
    EXPECT_THAT(refusal(yaml("chunk_size: 512, dim_f: 512, hop_length: 256", model_)),
                HasSubstr("must have more than half of the 1024"));
}

TEST_F(Mdx23cStructure, ActivationsAndGroupsAreChecked) {
    std::string text = yaml(audio_, model_);
    text.replace(text.find("gelu"), 4, "mish");
    EXPECT_THAT(refusal(text), HasSubstr("'model.act' in the configuration is 'mish'"));
    std::string groups = model_;
    groups.replace(groups.find("InstanceNorm"), 12, "GroupNorm3");
    EXPECT_THAT(refusal(yaml(audio_, groups)), HasSubstr("a norm of 8 channels cannot have 3 groups"));
}

TEST_F(Mdx23cStructure, GroupsOfSeveralChannelsAreNotInstances) {
    std::string groups = model_;
    groups.replace(groups.find("InstanceNorm"), 12, "GroupNorm8");
    const auto ours =
        run_mdx23c(backend::ReferenceBackend(), build(yaml(audio_, groups)), golden_.tensor("input"));

    EXPECT_GT(relative_error(ours, golden_.tensor("forward")), 1e-3);  // 16 channels in groups of two
}

TEST_F(Mdx23cStructure, OneStemOfTwoIsThatStem) {
    const auto network =
        model::build_network("mdx23c", golden_.config(), golden_.weights(), {.stems = {{1}}});
    const auto ours = run_mdx23c(backend::ReferenceBackend(), network, golden_.tensor("input"));
    const auto all = golden_.tensor("forward");

    EXPECT_LT(relative_error(ours, std::span(all).subspan(all.size() / 2)), kTolerance);
}

TEST_F(Mdx23cStructure, AnotherNetworksWeightsAreRefusedByName) {
    const auto weights = std::make_shared<OverlayWeights>(
        golden_.weights(), std::map<std::string, OverlayWeights::Tensor>{{"stray", filled({1}, 0)}});
    try {
        model::build_network("mdx23c", golden_.config(), weights);
        FAIL() << "it was built";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("1 weights that this network does not use: stray"));
    }
}

TEST_F(Mdx23cStructure, TheHartleyVariantIsRefusedByName) {
    EXPECT_THAT(
        [&] { model::build_network("experimental_mdx23c_stht", golden_.config(), golden_.weights()); },
        ::testing::ThrowsMessage<Error>(HasSubstr("experimental_mdx23c_stht")));
}

}  // namespace
}  // namespace msst
