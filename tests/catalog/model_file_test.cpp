#include "catalog/model_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace msst::catalog {
namespace {

using ::testing::ElementsAre;

Model read(const std::string& text, const std::string& architecture = "") {
    const testing::TempFolder folder;
    std::ofstream(folder / "config.yaml") << text;
    Model model;
    model.architecture = architecture;
    model.config_path = folder / "config.yaml";
    read_model_file(model);
    return model;
}

const std::string kTraining = "training: {instruments: [a, b]}\n";

TEST(ModelFile, KnowsArchitecturesByTheirKeys) {
    const std::vector<std::pair<std::string, std::string>> signs = {
        {"freqs_per_bands: [2]", "bs_roformer"},
        {"num_bands: 60, stft_n_fft: 2048", "mel_band_roformer"},
        {"freqs_per_bands: [2], time_conformer_depth: 1", "bs_conformer"},
        {"num_bands: 24, stft_n_fft: 1024, time_conformer_depth: 1", "mel_band_conformer"},
        {"num_scales: 5, bottleneck_factor: 4", "mdx23c"},
        {"band_SR: [1], band_stride: [1]", "scnet"},
        {"band_SR: [1], band_stride: [1], tran_depth: 1", "scnet_tran"},
        {"sr: 44100, win: 20, feature_dim: 32", "apollo"},
    };
    for (const auto& [keys, architecture] : signs)
        EXPECT_EQ(read("model: {" + keys + "}\n" + kTraining).architecture, architecture) << keys;
}

TEST(ModelFile, TakesEveryDemucsForItsMsstType) {
    for (const char* word : {"htdemucs", "hdemucs", "demucs"})
        EXPECT_EQ(read(std::string("model: ") + word + "\n" + kTraining).architecture, "htdemucs");
}

TEST(ModelFile, TakesASectionKwargsForBanditV2) {
    EXPECT_EQ(read("cls: Bandit\nkwargs: {a: 1}\n" + kTraining).architecture, "bandit_v2");
}

TEST(ModelFile, BelievesTheFileBeforeItsKeys) {
    EXPECT_EQ(read("model: {band_SR: [1], band_stride: [1]}\n"
                   "training: {model_type: scnet_masked, instruments: [a]}\n")
                  .architecture,
              "scnet_masked");
}

TEST(ModelFile, BelievesTheFilesOwnWordBeforeTheTypeItWasGivenWith) {
    EXPECT_EQ(read("model: {freqs_per_bands: [2]}\ntraining: {model_type: bs_roformer, instruments: [a]}\n",
                   "mel_band_roformer")
                  .architecture,
              "bs_roformer");
}

TEST(ModelFile, BelievesTheTypeItWasGivenWithBeforeTheKeys) {
    EXPECT_EQ(read("model: {freqs_per_bands: [2]}\n" + kTraining, "bs_roformer_experimental").architecture,
              "bs_roformer_experimental");
}

TEST(ModelFile, WritesOnlyTheTargetInstrumentWhereThereIsOne) {
    EXPECT_THAT(read("model: htdemucs\ntraining: {instruments: [vocals, other], target_instrument: vocals}")
                    .instruments,
                ElementsAre("vocals"));
    EXPECT_THAT(read("model: htdemucs\ntraining:\n  instruments: [vocals, other]\n  target_instrument:\n")
                    .instruments,
                ElementsAre("vocals", "other"));
}

TEST(ModelFile, TrimsInstrumentsAndKeepsTheirSpelling) {
    EXPECT_THAT(read("model: htdemucs\ntraining: {instruments: ['Vocals ', 'No dry']}").instruments,
                ElementsAre("Vocals", "No dry"));
}

TEST(ModelFile, FindsTheSampleRateWhereverItIsWritten) {
    EXPECT_EQ(read("model: htdemucs\n" + kTraining).sample_rate, 44100);
    EXPECT_EQ(read("model: htdemucs\naudio: {sample_rate: 48000}\n" + kTraining).sample_rate, 48000);
    EXPECT_EQ(read("model: htdemucs\ntraining: {instruments: [a], samplerate: 8000}\n").sample_rate, 8000);
}

TEST(ModelFile, FindsTheChannelsWhereverTheyAreWritten) {
    EXPECT_TRUE(read("model: htdemucs\n" + kTraining).stereo);
    EXPECT_FALSE(read("audio: {num_channels: 1}\nmodel: htdemucs\n" + kTraining).stereo);
    EXPECT_FALSE(
        read("audio: {num_channels: 2}\nmodel: {freqs_per_bands: [2], stereo: false}\n" + kTraining).stereo);
}

TEST(ModelFile, ReadsCommentsInOldEncodings) {
    EXPECT_EQ(read("# Gr\xfc\xdf"
                   "e\nmodel: htdemucs\n" +
                   kTraining)
                  .architecture,
              "htdemucs");
}

}  // namespace
}  // namespace msst::catalog
