#include "model/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kTraining = "training:\n  instruments: [vocals, 'other ']\n";

std::string refusal(const std::string& yaml) {
    try {
        parse_model_config(yaml);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(ModelConfig, ReadsWhatInferenceNeeds) {
    const ModelConfig config =
        parse_model_config(kTraining +
                           "  target_instrument: other\n  model_type: bs_roformer\n"
                           "audio: {chunk_size: 352_800, num_channels: 2}\n"
                           "inference: {batch_size: 4, num_overlap: 8, normalize: yes}\n"
                           "model: {dim: 384}\n");

    EXPECT_EQ(config.model_type, "bs_roformer");
    EXPECT_EQ(config.sample_rate, 44100);
    EXPECT_EQ(config.chunk_frames, 352800);
    EXPECT_THAT(config.instruments, ElementsAre("vocals", "other"));
    EXPECT_THAT(config.written_instruments(), ElementsAre("other"));
    EXPECT_EQ(config.target_index(), 1);
    EXPECT_EQ(config.batch_size, 4);
    EXPECT_EQ(config.num_overlap, 8);
    EXPECT_TRUE(config.normalize);
    EXPECT_EQ(config.model.integer("dim"), 384);
}

TEST(ModelConfig, PrefersTheChunkSizeOfInference) {
    const ModelConfig config =
        parse_model_config(kTraining + "audio: {chunk_size: 10}\ninference: {chunk_size: 20}\n");

    EXPECT_EQ(config.chunk_frames, 20);
}

TEST(ModelConfig, FollowsAModelThatIsAWord) {
    const ModelConfig config =
        parse_model_config(kTraining + "model: htdemucs\nhtdemucs: {dconv_init: 1e-3, depth: 4}\n");

    EXPECT_EQ(config.demucs_kind, "htdemucs");
    EXPECT_EQ(config.model.number("dconv_init"), 1e-3);
}

TEST(ModelConfig, ReadsPythonTuplesOnTheSameAndOnTheNextLine) {
    const ModelConfig config = parse_model_config(kTraining +
                                                  "model:\n  a: !!python/tuple [1, 2]\n  b: !!python/tuple\n"
                                                  "    - 3\n    - 4\n");

    EXPECT_THAT(config.model.integers("a"), ElementsAre(1, 2));
    EXPECT_THAT(config.model.integers("b"), ElementsAre(3, 4));
}

TEST(ModelConfig, RefusesOtherPythonTags) {
    EXPECT_THAT(refusal(kTraining + "model: !!python/object/apply:os.system [ls]\n"),
                HasSubstr("python/object"));
}

TEST(ModelConfig, KeepsTheLastOfDuplicateKeysAndTreatsEmptyAsMissing) {
    const ModelConfig config = parse_model_config(kTraining + "model:\n  dim: 1\n  dim: 2\n  depth:\n");

    EXPECT_EQ(config.model.integer("dim"), 2);
    EXPECT_FALSE(config.model.has("depth"));
}

TEST(ModelConfig, ReadsABomAndCp1252) {
    EXPECT_EQ(parse_model_config("\xef\xbb\xbf" + kTraining).sample_rate, 44100);
    EXPECT_EQ(parse_model_config("# d\xe9j\xe0 \x80\n" + kTraining).sample_rate, 44100);
}

TEST(ModelConfig, NamesWhatIsMissingOrWrong) {
    EXPECT_THAT(refusal("audio: {chunk_size: 1}\n"),
                HasSubstr("'training.instruments' in the configuration is missing"));
    EXPECT_THAT(refusal("training: {instruments: [a, a]}\n"), HasSubstr("twice"));
    EXPECT_THAT(refusal(kTraining + "audio: {chunk_size: -4}\n"),
                HasSubstr("is -4; it must lie between 1 and"));
    EXPECT_THAT(refusal(kTraining + "audio: {chunk_size: 1.5}\n"), HasSubstr("'1.5', not a whole number"));
    EXPECT_THAT(refusal(kTraining + "inference: {normalize: 3}\n"), HasSubstr("neither true nor false"));
    EXPECT_THAT(refusal(kTraining + "inference: [1]\n"),
                HasSubstr("'inference' in the configuration is not a section"));
    EXPECT_THAT(refusal("a: ]"), HasSubstr("the configuration:1: is not YAML"));
}

TEST(ModelConfig, TellsKeysThatNobodyRead) {
    const ModelConfig config = parse_model_config(kTraining + "model: {dim: 1, colour: blue, dropout: 0}\n");
    config.model.integer("dim");
    config.model.ignore({"dropout"});

    EXPECT_THAT(config.model.unread_keys(), ElementsAre("colour"));
}

TEST(ModelConfig, FollowsAliases) {
    const ModelConfig config =
        parse_model_config(kTraining + "a: &sizes !!python/tuple [4096, 2048]\nmodel: {sizes: *sizes}\n");

    EXPECT_THAT(config.model.integers("sizes"), ElementsAre(4096, 2048));
}

TEST(ModelConfig, ReadsNumbersAsPyYamlAndOmegaConfDo) {
    const ModelConfig config = parse_model_config(
        kTraining + "model: {a: 1_000, b: 0x10, c: 017, d: '384', e: 1e-3, f: 4.0, g: +.5}\n");

    EXPECT_EQ(config.model.integer("a"), 1000);
    EXPECT_EQ(config.model.integer("b"), 16);
    EXPECT_EQ(config.model.integer("c"), 15);
    EXPECT_EQ(config.model.integer("d"), 384);
    EXPECT_EQ(config.model.number("e"), 1e-3);
    EXPECT_EQ(config.model.integer("f"), 4);
    EXPECT_EQ(config.model.number("g"), 0.5);
}

}  // namespace
}  // namespace msst::model
