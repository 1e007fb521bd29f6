#include "cli/separate_files.h"

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "audio/writer.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "cli/half_separator.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::HalfSeparator;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class SeparateFilesTest : public ::testing::Test {
protected:
    SeparateFilesTest() {
        fs::create_directories(folder / "models");
        std::ofstream(folder / "msst.yaml") << "models_dir: " << (folder / "models").string() << "\n";
        options.config_file = folder / "msst.yaml";
        options.output_folder = folder / "out";
        options.instruments = {"vocals", "other"};  // what HalfSeparator has of the embedded model's
    }

    // Half a second of stereo sine at 44.1 kHz and half of full scale.
    fs::path write_song(const fs::path& name, double amplitude = 0.5) {
        const fs::path path = folder / name;
        fs::create_directories(path.parent_path());
        audio::Block block(2, 22050);
        for (int64_t i = 0; i < 2 * block.frames; ++i)
            block.samples[i] = static_cast<float>(amplitude * std::sin(i % block.frames * 0.05));
        audio::Writer writer(path, {.expected_frames = block.frames});
        writer.write(block);
        writer.finish();
        return path;
    }

    int run(std::stop_token stop = {}) {
        const Wiring wiring{.make_separator =
                                [this](const catalog::Model& model, const DeviceChoice& choice) {
                                    loaded_model = model;
                                    device_choice = choice;
                                    return std::make_shared<HalfSeparator>(on_push);
                                },
                            .has_engine = [](std::string_view) { return false; },
                            .environment = {},
                            .clock = clock,
                            .out = out,
                            .err = err};
        out.str("");
        err.str("");
        return separate_files(options, wiring, std::move(stop));
    }

    // Relative paths of everything below the output folder, links and folders included.
    std::set<std::string> written() const {
        std::set<std::string> names;
        if (!fs::exists(options.output_folder)) return names;
        for (const auto& entry : fs::recursive_directory_iterator(options.output_folder))
            names.insert(entry.path().lexically_relative(options.output_folder).string());
        return names;
    }

    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    std::ostringstream out;
    std::ostringstream err;
    SeparateOptions options;
    std::function<void()> on_push;
    catalog::Model loaded_model;
    DeviceChoice device_choice;
};

TEST_F(SeparateFilesTest, WritesStemsWhereMsstDoes) {
    options.inputs = {write_song("song.wav")};
    EXPECT_EQ(run(), kSuccess) << err.str();
    EXPECT_THAT(written(), ElementsAre("song", "song/other.wav", "song/vocals.wav"));
}

TEST_F(SeparateFilesTest, WritesTheInstrumentsAskedForAndTheRemainder) {
    options.inputs = {write_song("song.wav")};
    options.instruments = {"Vocals"};
    options.extract_instrumental = true;
    options.output_format = audio::OutputFormat::flac;
    EXPECT_EQ(run(), kSuccess) << err.str();
    EXPECT_THAT(written(), ElementsAre("song", "song/instrumental.flac", "song/vocals.flac"));
}

TEST_F(SeparateFilesTest, DescribesEachSongInOneLineOfJson) {
    options.inputs = {write_song("song.wav"), folder / "none.wav"};
    options.instruments = {"vocals"};
    options.is_json = true;
    EXPECT_EQ(run(), kFailure);
    std::istringstream lines(out.str());
    std::string first;
    std::string second;
    std::getline(lines, first);
    std::getline(lines, second);
    const auto song = nlohmann::json::parse(first);
    EXPECT_EQ(song["input"], (folder / "song.wav").string());
    const auto stem = song["stems"][0];
    EXPECT_EQ(stem["name"], "vocals");
    EXPECT_EQ(stem["frames"], 22050);
    EXPECT_DOUBLE_EQ(stem["duration"], 0.5);
    EXPECT_NEAR(stem["peak_dbfs"], -12.04, 0.02) << "half of half of full scale";
    EXPECT_NEAR(stem["rms_dbfs"], -15.05, 0.05);
    EXPECT_EQ(stem["clipped"], 0);
    EXPECT_EQ(stem["sha256"], sha256_hex(read_file(stem["path"].get<std::string>())));
    EXPECT_TRUE(song["warnings"].empty());
    EXPECT_TRUE(song.contains("seconds") && song.contains("realtime_factor"));
    EXPECT_TRUE(nlohmann::json::parse(second).contains("error"));
}

TEST_F(SeparateFilesTest, ReportsABadFileAndGoesOn) {
    std::ofstream(folder / "bad.wav") << "this is no audio";
    options.inputs = {folder / "bad.wav", write_song("song.wav")};
    EXPECT_EQ(run(), kFailure);
    EXPECT_THAT(err.str(), AllOf(HasSubstr("bad.wav: error: "), HasSubstr("song.wav: 2 stems of 0:01")));
    EXPECT_EQ(written().count("song/vocals.wav"), 1u);
}

TEST_F(SeparateFilesTest, GoesOnAfterASongThatFailsInTheMiddle) {
    options.inputs = {write_song("a.wav"), write_song("b.wav")};
    on_push = [this, first = true]() mutable {
        if (std::exchange(first, false))
            throw Error(ErrorCode::unavailable, "the disk is full", "storage_full");
    };
    EXPECT_EQ(run(), kFailure);
    EXPECT_THAT(err.str(), HasSubstr("a.wav: error: the disk is full"));
    EXPECT_THAT(written(), ElementsAre("b", "b/other.wav", "b/vocals.wav")) << "nothing is left of the first";
}

TEST_F(SeparateFilesTest, LeavesNoHalfFileWhenInterrupted) {
    options.inputs = {write_song("a.wav"), write_song("b.wav")};
    std::stop_source source;
    on_push = [&] { source.request_stop(); };
    EXPECT_EQ(run(source.get_token()), kInterrupted);
    EXPECT_TRUE(written().empty());
}

TEST_F(SeparateFilesTest, SearchesFoldersInTheOrderOfNames) {
    write_song("in/b.wav");
    write_song("in/a/c.wav");
    write_song("in/.hidden/d.wav");
    write_song("in/.e.wav");
    std::ofstream(folder / "in/cover.jpg") << "no audio";
    options.inputs = {folder / "in"};
    options.instruments = {"vocals"};
    options.filename_template = "{dir_name}/{file_name}_{instr}";
    EXPECT_EQ(run(), kSuccess) << err.str();
    EXPECT_THAT(written(), ElementsAre("a", "a/c_vocals.wav", "b_vocals.wav"));
    EXPECT_LT(err.str().find("c.wav"), err.str().find("b.wav"));
}

TEST_F(SeparateFilesTest, DoesNotSeparateItsOwnStemsAgain) {
    write_song("in/a.wav");
    options.inputs = {folder / "in"};
    options.output_folder = folder / "in/stems";
    EXPECT_EQ(run(), kSuccess);
    EXPECT_EQ(run(), kSuccess);
    EXPECT_THAT(written(), ElementsAre("a", "a/other.wav", "a/vocals.wav"));
}

TEST_F(SeparateFilesTest, FailsForAFolderWithoutAudio) {
    fs::create_directories(folder / "empty");
    options.inputs = {folder / "empty"};
    EXPECT_EQ(run(), kFailure);
    EXPECT_THAT(err.str(), HasSubstr("the folder holds no audio files"));
}

TEST_F(SeparateFilesTest, TakesAFileThatIsNamedTwiceOnce) {
    options.inputs = {write_song("in/a.wav"), folder / "in/../in/a.wav", folder / "in"};
    EXPECT_EQ(run(), kSuccess);
    EXPECT_THAT(err.str(), HasSubstr("in/a.wav: 2 stems"));
    EXPECT_EQ(std::ranges::count(err.str(), '\n'), 1);
}

TEST_F(SeparateFilesTest, RefusesTheSecondOfTwoSongsWithTheSameStems) {
    options.inputs = {write_song("one/song.wav"), write_song("two/song.wav")};
    EXPECT_EQ(run(), kFailure);
    EXPECT_THAT(err.str(), AllOf(HasSubstr("one/song.wav: 2 stems"), HasSubstr("two/song.wav: error: "),
                                 HasSubstr("would replace that of"), HasSubstr("{dir_name}")));
}

TEST_F(SeparateFilesTest, NeverReplacesAnInput) {
    options.inputs = {write_song("out/vocals.wav")};
    const std::string before = read_file(options.inputs[0]);
    options.filename_template = "{instr}";
    EXPECT_EQ(run(), kFailure);
    EXPECT_THAT(err.str(), HasSubstr("vocals would replace the input"));
    EXPECT_EQ(read_file(options.inputs[0]), before);
}

TEST_F(SeparateFilesTest, ReplacesStemsOfAnEarlierRun) {
    options.inputs = {write_song("song.wav")};
    fs::create_directories(folder / "out/song");
    std::ofstream(folder / "out/song/vocals.wav") << "old";
    EXPECT_EQ(run(), kSuccess);
    EXPECT_GT(fs::file_size(folder / "out/song/vocals.wav"), 1000u);
}

TEST_F(SeparateFilesTest, SkipsSongsThatAreDoneWhenAsked) {
    options.inputs = {write_song("song.wav")};
    options.skip_existing = true;
    EXPECT_EQ(run(), kSuccess);
    EXPECT_EQ(run(), kSuccess);
    EXPECT_THAT(err.str(), HasSubstr("song.wav: skipped"));
}

TEST_F(SeparateFilesTest, KeepsNamesOfFilesInsideTheOutputFolder) {
    options.inputs = {write_song("in/...wav")};
    options.instruments = {"vocals"};
    EXPECT_EQ(run(), kSuccess) << err.str();
    EXPECT_THAT(written(), ElementsAre("_", "_/vocals.wav"));
}

TEST_F(SeparateFilesTest, HandsTheDeviceChoiceToTheFactory) {
    options.inputs = {write_song("song.wav")};
    options.devices = {"cuda:1"};
    run();
    EXPECT_THAT(device_choice.devices, ElementsAre("cuda:1"));
    EXPECT_EQ(loaded_model.model_type, "dsp");
    EXPECT_THAT(err.str(), HasSubstr("dsp runs on the CPU; the choice of a GPU has no effect"));
}

TEST_F(SeparateFilesTest, CallsWrongCommandLinesUsage) {
    const auto problem = [&](auto change) {
        options.inputs = {write_song("song.wav")};
        const SeparateOptions before = options;
        change();
        EXPECT_EQ(run(), kUsage) << err.str();
        options = before;
        return err.str();
    };
    EXPECT_THAT(problem([&] { options.inputs.clear(); }), HasSubstr("no input"));
    EXPECT_THAT(problem([&] { options.model_type = "dps"; }),
                HasSubstr("no model is called 'dps'; did you mean 'dsp'?"));
    EXPECT_THAT(problem([&] { options.instruments = {"lute"}; }),
                HasSubstr("no instrument 'lute'; it has vocals, drums, bass, other"));
    EXPECT_THAT(problem([&] { options.filename_template = "{x}{instr}"; }),
                HasSubstr("unknown placeholder {x}"));
    EXPECT_THAT(problem([&] { options.config_path = "config.yaml"; }), HasSubstr("belong together"));
    EXPECT_THAT(problem([&] { options.config_file = "/nonexistent.yaml"; }), HasSubstr("no such file"));
    EXPECT_THAT(problem([&] {
                    options.output_format = audio::OutputFormat::flac;
                    options.pcm_type = audio::PcmType::float_32;
                }),
                HasSubstr("FLAC"));
    EXPECT_TRUE(written().empty());
}

TEST_F(SeparateFilesTest, SaysThatAnArchitectureHasNoEngine) {
    std::ofstream(folder / "c.yaml") << "training: {instruments: [vocals]}\nmodel: {freqs_per_bands: [2]}\n";
    std::ofstream(folder / "m.ckpt") << "x";
    options.inputs = {write_song("song.wav")};
    options.model_type = "bs_roformer";
    options.config_path = folder / "c.yaml";
    options.checkpoint_paths = {folder / "m.ckpt"};
    EXPECT_EQ(run(), kFailure);
    EXPECT_THAT(err.str(), HasSubstr("architecture bs_roformer is not supported by this build"));
}

}  // namespace
}  // namespace msst::cli
