// Variants without a golden case of their own: their neutral settings must compute what the plain network
// computes, and others must not.

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/reference/reference_backend.h"
#include "parity/golden.h"
#include "parity/overlay_weights.h"

namespace msst {
namespace {

using ::testing::AllOf;
using testing::filled;
using testing::Golden;
using ::testing::HasSubstr;
using testing::OverlayWeights;
using testing::relative_error;
using testing::run_network;

constexpr int64_t kWidth = 24;
constexpr int64_t kHeads = 4;
constexpr int64_t kHeadDim = 8;
constexpr int64_t kFrames = 71;
constexpr int64_t kBands = 30;
constexpr double kSame = 2e-5;

class RoformerVariants : public ::testing::Test {
protected:
    using Tensors = std::map<std::string, OverlayWeights::Tensor>;

    model::Network build(Tensors tensors) const {
        return model::build_network("bs_roformer", golden_.config(),
                                    std::make_shared<OverlayWeights>(golden_.weights(), std::move(tensors)));
    }

    // How far the network with these weights is from PyTorch's plain one.
    double distance_from_plain(Tensors tensors) const {
        const auto ours =
            run_network(backend::ReferenceBackend(), build(std::move(tensors)), golden_.tensor("input"));
        return relative_error(ours, golden_.tensor("forward"));
    }

    std::string refusal(Tensors tensors) const {
        try {
            build(std::move(tensors));
        } catch (const Error& error) {
            return error.what() + std::string(error.reason().empty() ? "" : " [" + error.reason() + "]");
        }
        return "";
    }

    static Tensors value_residual(float bias) {
        Tensors tensors;
        for (const char* axis : {"0", "1"}) {
            const std::string name = std::string("layers.1.") + axis + ".layers.0.0.to_value_residual_mix.";
            tensors[name + "weight"] = filled({kHeads, kWidth}, 0.0f);
            tensors[name + "bias"] = filled({kHeads}, bias);
        }
        return tensors;
    }

    static OverlayWeights::Tensor table(int64_t length, double (*function)(double)) {
        OverlayWeights::Tensor tensor{{length, kHeadDim}, {}};
        for (int64_t i = 0; i < length; ++i)
            for (int64_t r = 0; r < kHeadDim; ++r)
                tensor.values.push_back(static_cast<float>(
                    function(static_cast<double>(i) * std::pow(10000.0, -2.0 * (r / 2) / kHeadDim))));
        return tensor;
    }

    Golden golden_{"bs_roformer-plain"};
};

TEST_F(RoformerVariants, ValuesThatAreNotMixedChangeNothing) {
    EXPECT_LT(distance_from_plain(value_residual(-100)), kSame);
    EXPECT_GT(distance_from_plain(value_residual(0)), 1e-3);
}

TEST_F(RoformerVariants, SharedBiasesOfZeroChangeNothing) {
    const auto biases = [](float value) {
        return Tensors{{"linear_62_bias_0", filled({3 * kHeads * kHeadDim}, value)},
                       {"linear_64_bias_0", filled({kWidth}, value)}};
    };

    EXPECT_LT(distance_from_plain(biases(0)), kSame);
    EXPECT_GT(distance_from_plain(biases(0.1f)), 1e-3);
}

TEST_F(RoformerVariants, LearnedTablesOfNominalAnglesAreRotaryEmbedding) {
    EXPECT_LT(distance_from_plain({{"cos_emb_time", table(kFrames, std::cos)},
                                   {"sin_emb_time", table(kFrames, std::sin)},
                                   {"cos_emb_freq", table(kBands, std::cos)},
                                   {"sin_emb_freq", table(kBands, std::sin)}}),
              kSame);
}

TEST_F(RoformerVariants, SinkTokensAreRemovedBeforeTheMasks) {
    const model::Network network = build({{"sink_tokens", filled({2, kBands, kWidth}, 0.5f)}});
    const auto ours = run_network(backend::ReferenceBackend(), network, golden_.tensor("input"));
    const double distance = relative_error(ours, golden_.tensor("forward"));

    EXPECT_GT(distance, 1e-3);
    EXPECT_LT(distance, 1.0);
}

TEST_F(RoformerVariants, OthersAreRefusedByName) {
    const auto with = [](const std::string& name) { return Tensors{{name, filled({1}, 0)}}; };

    EXPECT_THAT(refusal(with("mask_estimators.0.segm.conv.weight")),
                AllOf(HasSubstr("HyperACE"), HasSubstr("[unsupported_model]")));
    EXPECT_THAT(refusal(with("mask_estimators.0.to_freqs.0.0.fno_blocks.x")), HasSubstr("FNO"));
    EXPECT_THAT(refusal(with("layers.0.0.layers.0.2.new_thing")),
                HasSubstr("1 weights that this network does not use"));
}

TEST_F(RoformerVariants, AWeightOfAnotherShapeIsNamedWithBothShapes) {
    EXPECT_THAT(refusal({{"final_norm.gamma", filled({25}, 1)}}),
                HasSubstr("weight 'final_norm.gamma' is [25], the network needs [24]"));
}

TEST_F(RoformerVariants, WeightsAreBelievedWhereTheConfigurationIsWrong) {
    std::string yaml =
        "audio: {chunk_size: 8820}\ntraining: {instruments: [vocals]}\n"
        "model: {dim: 99, depth: 7, stereo: false, num_stems: 3, time_transformer_depth: 2, dim_head: 64, "
        "heads: 2,\n"
        "  stft_n_fft: 512, stft_hop_length: 126, stft_win_length: 512, mask_estimator_depth: 5,\n"
        "  mlp_expansion_factor: 1, freqs_per_bands: [257]}\n";
    const model::Network network =
        model::build_network("bs_roformer", model::parse_model_config(yaml), golden_.weights());
    const auto ours = run_network(backend::ReferenceBackend(), network, golden_.tensor("input"));

    EXPECT_LT(relative_error(ours, golden_.tensor("forward")), kSame);
    EXPECT_THAT(network.warnings,
                ::testing::Contains(HasSubstr("dim: the configuration says 99, the weights say 24")));
    EXPECT_GE(network.warnings.size(), 8u);
}

TEST_F(RoformerVariants, LoraWeightsAreAddedToTheirMatrix) {
    // B A is one number at row 3, column 5.
    const auto with_lora = [](float b) {
        OverlayWeights::Tensor rows = filled({2, kWidth}, 0), columns = filled({kHeads, 2}, 0);
        rows.values[kWidth + 5] = 2;
        columns.values[3 * 2 + 1] = b;
        const std::string path = "layers.0.0.layers.0.0.to_gates";
        return Tensors{{path + ".lora_A", rows}, {path + ".lora_B", columns}};
    };
    std::string yaml = golden_.config_text() + "lora: {r: 2, lora_alpha: 8, lora_dropout: 0.1}\n";
    const auto distance = [&](const Tensors& tensors) {
        const auto weights = std::make_shared<OverlayWeights>(golden_.weights(), tensors);
        const auto network = model::build_network("bs_roformer", model::parse_model_config(yaml), weights);
        return relative_error(run_network(backend::ReferenceBackend(), network, golden_.tensor("input")),
                              golden_.tensor("forward"));
    };

    EXPECT_LT(distance(with_lora(0)), kSame);
    EXPECT_GT(distance(with_lora(1)), 1e-4);
}

TEST_F(RoformerVariants, OneStemOfFourIsThatStem) {
    const Golden four("bs_roformer-4stem");
    const auto network = model::build_network("bs_roformer", four.config(), four.weights(), {.stems = {{2}}});
    const auto ours = run_network(backend::ReferenceBackend(), network, four.tensor("input"));
    const auto all = four.tensor("forward");
    const size_t stem = all.size() / 4;

    EXPECT_LT(relative_error(ours, std::span(all).subspan(2 * stem, stem)), kSame);
}

}  // namespace
}  // namespace msst
