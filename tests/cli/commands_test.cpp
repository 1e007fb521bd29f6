#include <fstream>
#include <sstream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/check_command.h"
#include "cli/half_separator.h"
#include "cli/models_command.h"
#include "cli/separate_command.h"
#include "config/example.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class CommandsTest : public ::testing::Test {
protected:
    CommandsTest() { write_config("port: 8000\n"); }

    void write_config(const std::string& text) {
        std::ofstream(folder / "m.yaml") << "models_dir: " << (folder / "models").string() << "\n" << text;
    }
    void write_model(const std::string& name, const std::string& config) {
        fs::create_directories(folder / "models" / name);
        std::ofstream(folder / "models" / name / "config.yaml") << config;
        std::ofstream(folder / "models" / name / "model.ckpt") << "x";
    }

    // Exit code of `msst arguments…`; -1 when the command line could not be read.
    int run(std::vector<std::string> arguments) {
        const Wiring wiring{.make_separator =
                                [](const catalog::Model& model, const DeviceChoice&) {
                                    if (model.model_type == "broken")
                                        throw Error(ErrorCode::invalid_input, "tensor 'a' is missing");
                                    return std::make_shared<testing::HalfSeparator>();
                                },
                            .has_engine = [](std::string_view a) { return a == "scnet"; },
                            .examine = examine,
                            .report_weights = report_weights,
                            .environment = environment,
                            .clock = clock,
                            .out = out,
                            .err = err};
        out.str("");
        err.str("");
        CLI::App app;
        int exit_code = -1;
        add_separate_command(app, wiring, exit_code);
        add_models_command(app, wiring, exit_code);
        add_check_command(app, wiring, exit_code);
        std::ranges::reverse(arguments);  // as CLI11 wants it
        try {
            app.parse(arguments);
        } catch (const CLI::ParseError& error) {
            err << error.what();
        }
        return exit_code;
    }
    std::string config() const { return (folder / "m.yaml").string(); }

    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    NetworkExaminer examine;
    std::function<model::WeightReport(const catalog::Model&)> report_weights;
    std::map<std::string, std::string> environment;
    std::ostringstream out;
    std::ostringstream err;
};

TEST_F(CommandsTest, CheckShowsTheConfigurationWithoutKeys) {
    write_config("enable_auth: true\napi_keys: [{name: alice, key: hunter2}]\n");
    environment["MSST_PORT"] = "9000";
    EXPECT_EQ(run({"check", "-c", config()}), kSuccess) << err.str();
    EXPECT_THAT(out.str(), AllOf(HasSubstr("port: 9000\n"), HasSubstr("alice"), Not(HasSubstr("hunter2"))));
}

TEST_F(CommandsTest, CheckTellsEveryProblem) {
    write_config("port: x\nprot: 1\n");
    EXPECT_EQ(run({"check", "-c", config()}), kFailure);
    EXPECT_THAT(err.str(),
                AllOf(HasSubstr("m.yaml:2: port must be"), HasSubstr("m.yaml:3: unknown key 'prot'")));
}

TEST_F(CommandsTest, CheckTellsOfADefaultModelThatIsNotInstalled) {
    write_config("default_model_type: kim\n");
    EXPECT_EQ(run({"check", "-c", config()}), kFailure);
    EXPECT_THAT(err.str(), HasSubstr("default_model_type 'kim' is not installed"));
}

TEST_F(CommandsTest, CheckPrintsTheExampleFile) {
    EXPECT_EQ(run({"check", "--print-example"}), kSuccess);
    EXPECT_EQ(out.str(), config::example_file());
}

TEST_F(CommandsTest, ModelsListTellsAvailableFromOthers) {
    write_model("good", "training: {model_type: scnet, instruments: [vocals]}");
    write_model("new", "training: {model_type: vit, instruments: [vocals]}");
    EXPECT_EQ(run({"models", "list", "-c", config()}), kSuccess) << err.str();
    EXPECT_EQ(out.str(),
              "* dsp  dsp  vocals, drums, bass, other\n"
              "  good  scnet  vocals\n"
              "  new  unsupported: architecture vit is not supported by this build\n");
}

TEST_F(CommandsTest, ModelsListSpeaksJson) {
    EXPECT_EQ(run({"models", "list", "--json", "-c", config()}), kSuccess);
    const auto models = nlohmann::json::parse(out.str())["models"];
    EXPECT_EQ(models[0]["model_type"], "dsp");
    EXPECT_EQ(models[0]["default"], true);
    EXPECT_EQ(models[0]["state"], "available");
}

TEST_F(CommandsTest, ModelsShowDescribesOneModel) {
    write_model("good", "training: {model_type: scnet, instruments: [vocals]}");
    EXPECT_EQ(run({"models", "show", "good", "-c", config()}), kSuccess);
    EXPECT_THAT(out.str(), AllOf(HasSubstr("architecture: scnet\n"), HasSubstr("good/model.ckpt\n")));
}

TEST_F(CommandsTest, ModelsShowTellsWhatANetworkNeeds) {
    write_model("good", "training: {model_type: scnet, instruments: [vocals]}");
    environment["MSST_PRECISION"] = "float32";
    examine = [](const catalog::Model&, const config::Config& asked_for) -> catalog::NetworkFacts {
        return {.parameters = 10'578'768,
                .chunk_seconds = 11,
                .num_overlap = 4,
                .device_bytes = asked_for.precision == "float32" ? 4'000 : 2'000,
                .gflop_per_second_of_audio = 7.5,
                .warnings = {"dims: the weights are believed"}};
    };

    EXPECT_EQ(run({"models", "show", "good", "--json", "-c", config()}), kSuccess);
    const auto json = nlohmann::json::parse(out.str());
    EXPECT_EQ(json["parameters"], 10'578'768);
    EXPECT_EQ(json["num_overlap"], 4);
    EXPECT_EQ(json["device_bytes"], 4'000);
    EXPECT_EQ(json["gflop_per_second_of_audio"], 7.5);
    EXPECT_EQ(run({"models", "show", "good", "-c", config()}), kSuccess);
    EXPECT_THAT(out.str(), HasSubstr("warnings: dims: the weights are believed\n"));
}

TEST_F(CommandsTest, ModelsListSaysWhatIsWrongInsideOfACheckpoint) {
    write_model("bad", "training: {model_type: scnet, instruments: [vocals]}");
    examine = [](const catalog::Model&, const config::Config&) -> catalog::NetworkFacts {
        throw Error(ErrorCode::invalid_input, "model.ckpt: cut short");
    };

    EXPECT_EQ(run({"models", "list", "-c", config()}), kSuccess);
    EXPECT_THAT(out.str(), HasSubstr("bad  damaged: model.ckpt: cut short\n"));
}

TEST_F(CommandsTest, ModelsShowNamesWhatThereIs) {
    EXPECT_EQ(run({"models", "show", "kim", "-c", config()}), kFailure);
    EXPECT_THAT(err.str(), HasSubstr("no model is called 'kim'; there are: dsp"));
}

TEST_F(CommandsTest, ModelsVerifyLoadsEveryModel) {
    write_model("broken", "training: {model_type: scnet, instruments: [vocals]}");
    EXPECT_EQ(run({"models", "verify", "-c", config()}), kFailure);
    EXPECT_EQ(out.str(), "dsp: ok\nbroken: tensor 'a' is missing\n");
    EXPECT_EQ(run({"models", "verify", "dsp", "-c", config()}), kSuccess);
}

TEST_F(CommandsTest, ModelsVerifyTellsHowACheckpointFitsItsNetwork) {
    write_model("good", "training: {model_type: scnet, instruments: [vocals]}");
    model::WeightReport report;
    report.stored = {{"a", {2, 3}}, {"c", {5}}};
    report_weights = [&](const catalog::Model&) { return report; };
    EXPECT_EQ(run({"models", "verify", "good", "-c", config()}), kSuccess);
    EXPECT_EQ(out.str(), "good: ok\n  holds 2 weights, 11 numbers\n");

    report.missing = {{"b", {4}}};
    report.mismatched = {{"a", {2, 3}, {3, 2}}};
    report.unused = {"c"};
    EXPECT_EQ(run({"models", "verify", "good", "-c", config()}), kFailure);
    EXPECT_EQ(out.str(),
              "good: 1 weight is missing, 1 has another shape, 1 is not used\n"
              "  holds 2 weights, 11 numbers\n"
              "  missing: b [4]\n"
              "  shape: a is [2, 3], the network needs [3, 2]\n"
              "  not used: c\n");
    EXPECT_EQ(run({"models", "verify", "good", "--json", "-c", config()}), kFailure);
    const auto weights = nlohmann::json::parse(out.str())["models"][0]["weights"];
    EXPECT_EQ(weights["stored"].size(), 2u);
    EXPECT_EQ(weights["missing"][0]["name"], "b");
    EXPECT_EQ(weights["mismatched"][0]["needed"], nlohmann::json({3, 2}));
}

TEST_F(CommandsTest, ModelsVerifyShortensLongListsAndLoadsWhatFits) {
    write_model("many", "training: {model_type: scnet, instruments: [vocals]}");
    write_model("broken", "training: {model_type: scnet, instruments: [vocals]}");
    report_weights = [&](const catalog::Model& model) {
        model::WeightReport report;
        if (model.model_type == "many")
            for (int i = 0; i < 33; ++i) report.unused.push_back("w" + std::to_string(i));
        return report;
    };
    EXPECT_EQ(run({"models", "verify", "many", "-c", config()}), kFailure);
    EXPECT_THAT(out.str(), AllOf(HasSubstr("not used: w19\n  … and 13 more"), Not(HasSubstr("w20"))));
    EXPECT_EQ(run({"models", "verify", "broken", "-c", config()}), kFailure);
    EXPECT_THAT(out.str(), HasSubstr("broken: tensor 'a' is missing\n"));
}

TEST_F(CommandsTest, SeparateTakesMsstsFlags) {
    std::ofstream(folder / "c.yaml") << "training: {instruments: [vocals]}\nmodel: {freqs_per_bands: [2]}\n";
    std::ofstream(folder / "m.ckpt") << "x";
    fs::create_directories(folder / "in");
    EXPECT_EQ(run({"separate",
                   "--model_type",
                   "bs_roformer",
                   "--config_path",
                   folder / "c.yaml",
                   "--start_check_point",
                   folder / "m.ckpt",
                   "--input_folder",
                   folder / "in",
                   "--store_dir",
                   folder / "out",
                   "--flac_file",
                   "--pcm_type",
                   "PCM_16",
                   "--force_cpu",
                   "--extract_instrumental",
                   "--use_tta",
                   "--bigshifts",
                   "2",
                   "--chunk_edges",
                   "per_chunk",
                   "--disable_detailed_pbar",
                   "--filename_template",
                   "{file_name}/{instr}"}),
              kFailure);
    EXPECT_THAT(err.str(), HasSubstr("architecture bs_roformer is not supported by this build"));
}

TEST_F(CommandsTest, SeparateReportsEveryFileThatIsNotThere) {
    EXPECT_EQ(run({"separate", "-c", config(), "-o", folder / "out", folder / "a.mp3", folder / "b.mp3"}),
              kFailure);
    EXPECT_THAT(err.str(), AllOf(HasSubstr("a.mp3: error: "), HasSubstr("b.mp3: error: ")));
}

TEST_F(CommandsTest, SeparateRefusesContradictions) {
    EXPECT_EQ(run({"separate", "x", "--flac_file", "--output_format", "wav"}), kUsage);
    EXPECT_EQ(run({"separate", "x", "--force_cpu", "--device_ids", "0"}), kUsage);
    EXPECT_EQ(run({"separate", "x", "--flac_file", "--pcm_type", "FLOAT"}), kUsage);
    EXPECT_EQ(run({"separate", "x", "--pcm_type", "PCM_8"}), -1) << "the parser's own refusal";
}

}  // namespace
}  // namespace msst::cli
