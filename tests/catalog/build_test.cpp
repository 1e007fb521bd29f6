#include "catalog/build.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temp_folder.h"

namespace msst::catalog {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kRoformer =
    "audio: {sample_rate: 44100, num_channels: 2}\n"
    "model:\n  stereo: true\n  freqs_per_bands: !!python/tuple [2, 2]\n"
    "training:\n  instruments: [vocals, other]\n  target_instrument: null\n";

class CatalogTest : public ::testing::Test {
protected:
    void write(const fs::path& file, const std::string& text) {
        fs::create_directories((folder / file).parent_path());
        std::ofstream(folder / file) << text;
    }
    void write_model(const std::string& name) {
        write(fs::path(name) / "config.yaml", kRoformer);
        write(fs::path(name) / "model.ckpt", "weights");
    }
    Catalog build() { return build_catalog(sources()); }
    CatalogSources sources() {
        return {.models_dir = folder.path(), .models = {}, .default_model_type = "dsp", .has_engine = {}};
    }
    Model only(const std::string& name) {
        const Catalog catalog = build();
        const Model* model = catalog.find(name);
        return model ? *model : Model{};
    }
    std::string problem_of_building(const CatalogSources& from) {
        try {
            build_catalog(from);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_input);
            return error.what();
        }
        return "no problem";
    }

    testing::TempFolder folder;
};

TEST_F(CatalogTest, KeepsWhatIsFoundInTheFilesOfAModel) {
    write_model("good");
    write_model("bad");
    CatalogSources from = sources();
    from.examine = [](const Model& model) -> NetworkFacts {
        if (model.model_type == "bad") throw Error(ErrorCode::invalid_input, "tensor 'a' is missing");
        return {.parameters = 7};
    };

    const Catalog catalog = build_catalog(from);

    ASSERT_TRUE(catalog.find("good")->network);
    EXPECT_EQ(catalog.find("good")->network->parameters, 7);
    EXPECT_EQ(catalog.find("bad")->state, ModelState::damaged);
    EXPECT_EQ(catalog.find("bad")->problem, "tensor 'a' is missing");
    EXPECT_FALSE(catalog.find("dsp")->network);
}

TEST_F(CatalogTest, LooksOnlyIntoModelsThatThisBuildCanRun) {
    write_model("roformer");
    CatalogSources from = sources();
    from.has_engine = [](std::string_view) { return false; };
    from.examine = [](const Model&) -> NetworkFacts { throw Error(ErrorCode::invalid_input, "looked"); };

    EXPECT_EQ(build_catalog(from).find("roformer")->state, ModelState::unsupported);
}

TEST_F(CatalogTest, AlwaysHasTheEmbeddedModel) {
    const Catalog catalog = build_catalog({.models_dir = folder / "none", .models = {}, .has_engine = {}});
    ASSERT_EQ(catalog.available().size(), 1u);
    EXPECT_EQ(catalog.find("dsp")->state, ModelState::available);
    EXPECT_THAT(catalog.find("dsp")->instruments, ElementsAre("vocals", "drums", "bass", "other"));
}

TEST_F(CatalogTest, NamesModelsAfterTheirFolders) {
    write_model("kim_vocals");
    const Model model = only("kim_vocals");
    EXPECT_EQ(model.state, ModelState::available) << model.problem;
    EXPECT_EQ(model.architecture, "bs_roformer");
    EXPECT_EQ(model.config_path, folder / "kim_vocals/config.yaml");
    EXPECT_EQ(model.checkpoint_path, folder / "kim_vocals/model.ckpt");
    EXPECT_THAT(model.instruments, ElementsAre("vocals", "other"));
    EXPECT_EQ(model.sample_rate, 44100);
    EXPECT_TRUE(model.stereo);
}

TEST_F(CatalogTest, ListsModelsByName) {
    write_model("b");
    write_model("a");
    const Catalog catalog = build();
    ASSERT_EQ(catalog.all().size(), 3u);
    EXPECT_EQ(catalog.all()[1].model_type, "a");
    EXPECT_EQ(catalog.all()[2].model_type, "b");
}

TEST_F(CatalogTest, SkipsFoldersThatAreNoModels) {
    write("notes/readme.txt", "x");
    write(".hidden/config.yaml", kRoformer);
    write("stray.ckpt", "x");
    EXPECT_EQ(build().all().size(), 1u);
}

TEST_F(CatalogTest, ExcludesAModelWithoutCheckpoint) {
    write("kim/config.yaml", kRoformer);
    EXPECT_EQ(only("kim").state, ModelState::missing_checkpoint);
    EXPECT_THAT(only("kim").problem, HasSubstr("kim: has no checkpoint"));
    EXPECT_EQ(build().available().size(), 1u);
}

TEST_F(CatalogTest, CallsAModelWithoutConfigurationDamaged) {
    write("kim/model.ckpt", "x");
    EXPECT_EQ(only("kim").state, ModelState::damaged);
    EXPECT_THAT(only("kim").problem, HasSubstr("no config.yaml"));
}

TEST_F(CatalogTest, TakesADemucsPackageAsItIs) {
    const std::filesystem::path golden = std::filesystem::path(MSST_TEST_DATA) / "goldens/htdemucs-6stem";
    std::filesystem::create_directories(folder / "six");
    std::filesystem::copy(golden / "model.th", folder / "six/5c90dfd2-34c22ccb.th");
    const Model model = only("six");
    EXPECT_EQ(model.state, ModelState::available) << model.problem;
    EXPECT_EQ(model.architecture, "htdemucs");
    EXPECT_TRUE(model.config_path.empty());
    EXPECT_THAT(model.instruments, ElementsAre("drums", "bass", "other", "vocals", "guitar", "piano"));
    EXPECT_EQ(model.sample_rate, 44100);
    EXPECT_TRUE(model.stereo);
}

TEST_F(CatalogTest, TakesTheNetworksOfABagInItsOrder) {
    const std::filesystem::path golden = std::filesystem::path(MSST_TEST_DATA) / "goldens/htdemucs-6stem";
    std::filesystem::create_directories(folder / "bag");
    std::filesystem::copy(golden / "model.th", folder / "bag/aa11-1.th");
    std::filesystem::copy(golden / "model.th", folder / "bag/bb22-2.th");
    write("bag/bag.yaml", "models: ['bb22', 'aa11']\n");
    const Model model = only("bag");
    EXPECT_EQ(model.state, ModelState::available) << model.problem;
    EXPECT_EQ(model.checkpoint_path.filename(), "bb22-2.th");
    ASSERT_EQ(model.more_checkpoints.size(), 1u);
    EXPECT_EQ(model.more_checkpoints[0].filename(), "aa11-1.th");

    write("bag/bag.yaml", "models: [bb22, cc33]\n");
    EXPECT_EQ(only("bag").state, ModelState::missing_checkpoint);
    EXPECT_THAT(only("bag").problem, HasSubstr("names 'cc33'"));
}

TEST_F(CatalogTest, TakesSeveralCheckpointsOfADemucsForABag) {
    const std::string demucs =
        "model: htdemucs\ntraining: {instruments: [drums, vocals], samplerate: 44100}\n";
    write("two/config.yaml", demucs);
    write("two/b.th", "x");
    write("two/a.th", "x");
    const Model model = only("two");
    EXPECT_EQ(model.state, ModelState::available) << model.problem;
    EXPECT_EQ(model.checkpoint_path.filename(), "a.th");
    ASSERT_EQ(model.more_checkpoints.size(), 1u);
}

TEST_F(CatalogTest, CallsAnEmptyCheckpointDamaged) {
    write("kim/config.yaml", kRoformer);
    write("kim/model.ckpt", "");
    EXPECT_EQ(only("kim").state, ModelState::damaged);
    EXPECT_THAT(only("kim").problem, HasSubstr("model.ckpt: is empty"));
}

TEST_F(CatalogTest, TakesTheOnlyYamlAndAnySuffixOfCheckpoints) {
    write("kim/config_vocals.yml", kRoformer);
    write("kim/MelBand.SafeTensors", "x");
    EXPECT_EQ(only("kim").state, ModelState::available) << only("kim").problem;
}

TEST_F(CatalogTest, PrefersFilesWithTheExpectedNames) {
    write_model("kim");
    write("kim/config_old.yaml", "x");
    write("kim/optimizer.pt", "x");
    EXPECT_EQ(only("kim").config_path.filename(), "config.yaml");
    EXPECT_EQ(only("kim").checkpoint_path.filename(), "model.ckpt");
}

TEST_F(CatalogTest, AsksWhichOfSeveralFilesIsMeant) {
    write("kim/a.yaml", kRoformer);
    write("kim/b.yaml", kRoformer);
    write("kim/x.ckpt", "x");
    EXPECT_THAT(only("kim").problem, HasSubstr("several configurations (a.yaml, b.yaml)"));
    write("bag/config.yaml", kRoformer);
    write("bag/x.ckpt", "x");
    write("bag/y.ckpt", "x");
    EXPECT_THAT(only("bag").problem, HasSubstr("several checkpoints (x.ckpt, y.ckpt)"));
    EXPECT_EQ(only("bag").state, ModelState::damaged);
}

TEST_F(CatalogTest, CallsFoldersWithStrangeNamesDamaged) {
    write_model("bad name");
    EXPECT_EQ(only("bad name").state, ModelState::damaged);
    EXPECT_THAT(only("bad name").problem, HasSubstr("cannot be a model's name"));
}

TEST_F(CatalogTest, ReadsListedModels) {
    write("a.yaml", kRoformer);
    write("a.bin", "x");
    CatalogSources from = sources();
    from.models = {{"listed", "bs_roformer_experimental", folder / "a.yaml", folder / "a.bin"}};
    from.default_model_type = "listed";
    const Catalog catalog = build_catalog(from);
    EXPECT_EQ(catalog.find("listed")->state, ModelState::available);
    EXPECT_EQ(catalog.find("listed")->architecture, "bs_roformer_experimental");
    EXPECT_EQ(catalog.default_model_type(), "listed");
}

TEST_F(CatalogTest, SaysWhichFileOfAListedModelIsMissing) {
    write("a.yaml", kRoformer);
    CatalogSources from = sources();
    from.models = {{"x", "", folder / "a.yaml", folder / "none.ckpt"},
                   {"y", "", folder / "none.yaml", folder / "a"}};
    const Catalog catalog = build_catalog(from);
    EXPECT_EQ(catalog.find("x")->state, ModelState::missing_checkpoint);
    EXPECT_THAT(catalog.find("x")->problem, HasSubstr("none.ckpt: no such checkpoint"));
    EXPECT_EQ(catalog.find("y")->state, ModelState::damaged);
    EXPECT_THAT(catalog.find("y")->problem, HasSubstr("none.yaml"));
}

TEST_F(CatalogTest, RefusesTwoModelsOfOneName) {
    write_model("kim");
    CatalogSources from = sources();
    from.models = {{"kim", "", folder / "other.yaml", folder / "b"}};
    EXPECT_THAT(problem_of_building(from), AllOf(HasSubstr("two models are called 'kim'"),
                                                 HasSubstr("kim/config.yaml"), HasSubstr("other.yaml")));
    fs::remove_all(folder / "kim");
    write_model("dsp");
    EXPECT_THAT(problem_of_building(sources()), HasSubstr("the embedded model and "));
}

TEST_F(CatalogTest, RefusesADefaultThatIsNotInstalled) {
    CatalogSources from = sources();
    from.default_model_type = "kim";
    EXPECT_EQ(problem_of_building(from), "default_model_type 'kim' is not installed; there are: dsp");
}

TEST_F(CatalogTest, ExcludesArchitecturesWithoutEngine) {
    write_model("kim");
    CatalogSources from = sources();
    from.has_engine = [](std::string_view architecture) { return architecture == "scnet"; };
    const Catalog catalog = build_catalog(from);
    EXPECT_EQ(catalog.find("kim")->state, ModelState::unsupported);
    EXPECT_EQ(catalog.find("kim")->problem, "architecture bs_roformer is not supported by this build");
    EXPECT_EQ(catalog.find("dsp")->state, ModelState::available);
}

TEST_F(CatalogTest, ExcludesVariantsThatCannotBeRunWithoutCallingThemDamaged) {
    write_model("hyper");
    CatalogSources from = sources();
    from.examine = [](const Model&) -> NetworkFacts {
        throw Error(ErrorCode::invalid_input, "this roformer is of the variant HyperACE",
                    "unsupported_model");
    };
    const Catalog catalog = build_catalog(from);
    EXPECT_EQ(catalog.find("hyper")->state, ModelState::unsupported);
    EXPECT_EQ(catalog.find("hyper")->problem, "this roformer is of the variant HyperACE");
    EXPECT_EQ(catalog.available().size(), 1u);
}

struct BadYaml {
    const char* text;
    const char* problem;
};

class DamagedModelFile : public CatalogTest, public ::testing::WithParamInterface<BadYaml> {};

TEST_P(DamagedModelFile, IsToldWithItsReason) {
    write("kim/config.yaml", GetParam().text);
    write("kim/model.ckpt", "x");
    EXPECT_EQ(only("kim").state, ModelState::damaged);
    EXPECT_THAT(only("kim").problem, AllOf(HasSubstr("kim/config.yaml"), HasSubstr(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    Catalog, DamagedModelFile,
    ::testing::Values(BadYaml{"a: [1\nb: ]{", "config.yaml:"}, BadYaml{"", "is no configuration"},
                      BadYaml{"a: &x [*x]\n", "config.yaml:1: "},
                      BadYaml{"training: {instruments: [a]}\n", "what kind of model"},
                      BadYaml{"training: {model_type: scnet}\n", "no training.instruments"},
                      BadYaml{"training: {model_type: scnet, instruments: []}\n", "no training.instruments"},
                      BadYaml{"training: {model_type: scnet, instruments: [../x]}\n",
                              "line 1: '../x' cannot be"},
                      BadYaml{"training: {model_type: scnet, instruments: ['']}\n", "cannot be the name"},
                      BadYaml{"training: {model_type: scnet, instruments: [[a]]}\n", "cannot be the name"},
                      BadYaml{"training: {model_type: scnet, instruments: [a, A]}\n", "'A' twice"},
                      BadYaml{"training: {model_type: scnet, instruments: [a]}\naudio: {sample_rate: 0}\n",
                              "audio.sample_rate is '0', not 8000 to 192000 Hz"},
                      BadYaml{"training: {model_type: scnet, instruments: [a], samplerate: 1e99}\n",
                              "training.samplerate"}));

}  // namespace
}  // namespace msst::catalog
