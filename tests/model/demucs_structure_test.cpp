#include "model/demucs_structure.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::model {
namespace {

using ::testing::HasSubstr;

// Names and shapes alone.
class ShapedWeights final : public Weights {
public:
    explicit ShapedWeights(std::map<std::string, graph::Shape> shapes) : shapes_(std::move(shapes)) {}

    std::optional<graph::Shape> find(const std::string& name) const override {
        const auto found = shapes_.find(name);
        if (found == shapes_.end()) return std::nullopt;
        return found->second;
    }
    std::vector<std::string> names() const override { return {}; }
    void fill(const std::string&, const graph::Shape&, std::span<float>) const override {}

private:
    std::map<std::string, graph::Shape> shapes_;
};

std::string config_text(const std::string& kind, const std::string& arguments) {
    return "model: " + kind + "\n" + kind + ": {" + arguments +
           "}\ntraining: {instruments: [a, b], samplerate: 44100, segment: 11, channels: 2}\n";
}

DemucsStructure read(const std::string& kind, const std::string& arguments) {
    return read_demucs_structure(parse_model_config(config_text(kind, arguments)),
                                 WeightReader(make_random_weights()));
}

std::string refusal(const std::string& kind, const std::string& arguments) {
    try {
        read(kind, arguments);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        return error.what();
    }
    return "not refused";
}

TEST(DemucsStructure, IsThePublishedOneByDefault) {
    const DemucsStructure s = read("htdemucs", "");
    const auto levels = s.levels();

    ASSERT_EQ(levels.size(), 4u);
    EXPECT_EQ(s.frames(), 474);
    EXPECT_EQ(levels[3].in, 192);
    EXPECT_EQ(levels[3].out, 384);
    EXPECT_EQ(levels[0].decoded, 8);
    EXPECT_FALSE(levels[3].merges_bins);
}

TEST(DemucsStructure, OfThirdDemucsMergesItsBranchesAtTheFifthLevel) {
    const auto levels = read("hdemucs", "").levels();

    ASSERT_EQ(levels.size(), 6u);
    EXPECT_TRUE(levels[4].merges_bins);
    EXPECT_EQ(levels[4].kernel, 8);
    EXPECT_TRUE(levels[4].has_norms);
    EXPECT_FALSE(levels[5].has_bins);
    EXPECT_EQ(levels[5].kernel, 4);
    EXPECT_EQ(levels[5].stride, 2);
}

TEST(DemucsStructure, RefusesWhatItCannotBuildByName) {
    EXPECT_THAT(refusal("demucs", ""), HasSubstr("model: demucs"));
    EXPECT_THAT(refusal("htdemucs", "cac: false"), HasSubstr("'cac: false'"));
    EXPECT_THAT(refusal("htdemucs", "multi_freqs: [0.5]"), HasSubstr("'multi_freqs"));
    EXPECT_THAT(refusal("htdemucs", "wiener_iters: 2"), HasSubstr("'wiener_iters: 2'"));
    EXPECT_THAT(refusal("htdemucs", "t_emb: cape"), HasSubstr("'t_emb: cape'"));
    EXPECT_THAT(refusal("htdemucs", "t_sparse_self_attn: true"), HasSubstr("'t_sparse_self_attn: true'"));
    EXPECT_THAT(refusal("htdemucs", "t_group_norm: 4"), HasSubstr("'t_group_norm: 4'"));
    EXPECT_THAT(refusal("htdemucs", "t_norm_first: false"), HasSubstr("'t_norm_first: false'"));
    EXPECT_THAT(refusal("hdemucs", "hybrid: false"), HasSubstr("'hybrid: false'"));
    EXPECT_THAT(refusal("htdemucs", "num_subbands: 3"), HasSubstr("2048 bins has no 3 equal subbands"));
    EXPECT_THAT(refusal("htdemucs", "depth: 0"), HasSubstr("'depth' in the configuration is 0"));
}

TEST(DemucsStructure, BelievesTheWeightsWhereTheConfigurationIsWrong) {
    const ShapedWeights weights({{"encoder.0.conv.weight", {32, 8, 8, 1}},
                                 {"encoder.1.conv.weight", {96, 32, 8, 1}},
                                 {"encoder.0.rewrite.weight", {64, 32, 1, 1}},
                                 {"encoder.0.dconv.layers.0.0.weight", {4, 32, 3}},
                                 {"decoder.0.rewrite.weight", {192, 96, 5, 5}},
                                 {"decoder.1.conv_tr.weight", {32, 16, 8, 1}},
                                 {"tencoder.0.conv.weight", {24, 2, 8}},
                                 {"freq_emb.embedding.weight", {256, 32}}});
    const DemucsStructure s =
        read_demucs_structure(parse_model_config(config_text("htdemucs", "dconv_mode: 3")),
                              WeightReader(std::make_shared<ShapedWeights>(weights)));

    EXPECT_EQ(s.depth, 2);
    EXPECT_EQ(s.channels, 32);
    EXPECT_EQ(s.time_channels, 24);
    EXPECT_EQ(s.growth, 3);
    EXPECT_EQ(s.context, 2);
    EXPECT_EQ(s.subbands, 2);
    EXPECT_EQ(s.sources, 2);
    EXPECT_EQ(s.n_fft, 2048);
    EXPECT_TRUE(s.has_encoder_branches);
    EXPECT_FALSE(s.has_decoder_branches);
    EXPECT_EQ(s.branch_depth, 1);
    EXPECT_EQ(s.transformer_layers, 0);
    EXPECT_THAT(s.warnings,
                ::testing::Contains(HasSubstr("depth: the configuration says 4, the weights say 2")));
}

}  // namespace
}  // namespace msst::model
