#include "separation/planned_network.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/open.h"
#include "base/error.h"
#include "base/files.h"
#include "support/planar_song.h"
#include "support/temp_folder.h"

namespace msst::separation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PlannedNetworkTest : public ::testing::Test {
protected:
    static fs::path golden(const std::string& name) { return fs::path(MSST_TEST_DATA) / "goldens" / name; }

    // bs_roformer-4stem with one line of its configuration replaced.
    NetworkSource four_stems(const std::string& line, const std::string& replacement) {
        std::string text = read_file(golden("bs_roformer-4stem") / "config.yaml");
        const size_t at = text.find(line);
        EXPECT_NE(at, std::string::npos) << line;
        std::ofstream(folder / "config.yaml") << text.replace(at, line.size(), replacement);
        return {"bs_roformer", folder / "config.yaml", golden("bs_roformer-4stem") / "model.ckpt"};
    }

    // The sentence with which the network is refused.
    std::string refusal(const NetworkSource& source) const {
        try {
            plan_network(source, backend);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_input);
            return error.what();
        }
        return "not refused";
    }

    // The stems of one chunk of a made-up song, planar.
    std::vector<std::vector<float>> separate(const NetworkSource& source) const {
        std::vector<float> song(2 * 8820);
        for (size_t i = 0; i < song.size(); ++i) song[i] = 0.1f * static_cast<float>((i * 37) % 19) - 0.9f;
        return testing::separate_planar(*open_network_separator(source, backend)->open({}), /*channels=*/2,
                                        song);
    }

    testing::TempFolder folder;
    std::shared_ptr<const graph::Backend> backend = backend::open_backend("cpu", {}).backend;
};

TEST_F(PlannedNetworkTest, TellsWhatTheNetworkWillCostWithoutReadingAWeight) {
    bool was_read = false;
    const PlannedNetwork planned = plan_network({"bs_roformer", golden("bs_roformer-plain") / "config.yaml",
                                                 golden("bs_roformer-plain") / "model.ckpt"},
                                                backend, [&](double) { was_read = true; });

    EXPECT_FALSE(was_read);
    EXPECT_DOUBLE_EQ(planned.chunk_seconds(), 0.2);
    EXPECT_EQ(planned.rules.num_overlap, 2);
    EXPECT_EQ(planned.rules.batch_size, 2);
    EXPECT_GT(planned.device_bytes(), 2 * planned.parameters);  // bfloat16 at the least
    // Chunks of 0.2 s start every 0.1 s.
    EXPECT_NEAR(planned.flops_per_audio_second(), 10 * planned.plan.flops, 1e-6 * planned.plan.flops);
}

// Its arguments are the sources and a segment of 39/5 seconds; the weights tell the rest.
TEST_F(PlannedNetworkTest, ADemucsPackageNeedsNoConfiguration) {
    const PlannedNetwork planned =
        plan_network({"htdemucs", {}, golden("htdemucs-6stem") / "model.th"}, backend);

    EXPECT_THAT(planned.info.instruments, ElementsAre("drums", "bass", "other", "vocals", "guitar", "piano"));
    EXPECT_EQ(planned.network.chunk_frames, 343980);
    EXPECT_EQ(planned.rules.mode, ChunkRules::Mode::demucs);
}

TEST_F(PlannedNetworkTest, ABagIsTheMeanOfItsNetworksByTheirWeights) {
    const fs::path config = golden("htdemucs-4stem") / "config.yaml";
    const fs::path checkpoint = golden("htdemucs-4stem") / "model.ckpt";
    const auto one = separate({"htdemucs", config, checkpoint});
    const auto mean = separate({"htdemucs", config, checkpoint, {checkpoint, checkpoint}});

    ASSERT_EQ(mean.size(), one.size());
    for (size_t s = 0; s < one.size(); ++s)
        for (size_t i = 0; i < one[s].size(); ++i) ASSERT_NEAR(mean[s][i], one[s][i], 1e-5f);
}

TEST_F(PlannedNetworkTest, ABagsWeightsCountPerSource) {
    const fs::path package = golden("htdemucs-6stem") / "model.th";
    const fs::path bag = folder / "bag.yaml";
    const auto refusal_with = [&](const std::string& text) {
        std::ofstream(bag) << text;
        return refusal({"htdemucs", bag, package, {package}});
    };
    EXPECT_THAT(refusal_with("models: [a, b]\nweights: [[1, 1, 1, 1, 1, 1]]\n"),
                HasSubstr("weights for 1 networks, but there are 2"));
    EXPECT_THAT(refusal_with("models: [a, b]\nweights: [[1, 1], [1, 1]]\n"),
                HasSubstr("weights for 2 sources, but there are 6"));
    EXPECT_THAT(refusal_with("models: [a, b]\nweights: [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0]]\n"),
                HasSubstr("gives source 5 no weight"));

    std::ofstream(bag) << "models: [a, b]\nweights: [[1, 0, 1, 1, 1, 1], [3, 1, 0, 1, 1, 1]]\n";
    const PlannedNetwork planned = plan_network({"htdemucs", bag, package, {package}}, backend);
    EXPECT_THAT(planned.stem_weights, ElementsAre(0.25f, 0.0f, 1.0f, 0.5f, 0.5f, 0.5f));
    EXPECT_THAT(planned.others[0].stem_weights, ElementsAre(0.75f, 1.0f, 0.0f, 0.5f, 0.5f, 0.5f));
}

TEST_F(PlannedNetworkTest, OnlyTheDemucsFamilyHasBags) {
    const fs::path checkpoint = golden("bs_roformer-plain") / "model.ckpt";
    EXPECT_THAT(
        refusal({"bs_roformer", golden("bs_roformer-plain") / "config.yaml", checkpoint, {checkpoint}}),
        HasSubstr("only the type htdemucs has"));
}

TEST_F(PlannedNetworkTest, CountsWeightsAsTheBackendKeepsThem) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    const NetworkSource source{"bs_roformer", golden("bs_roformer-plain") / "config.yaml",
                               golden("bs_roformer-plain") / "model.ckpt"};
    const auto weight_bytes = [&](const char* precision) {
        return plan_network(source, backend::open_backend("cpu", {.precision = precision}).backend)
            .plan.weight_bytes;
    };

    EXPECT_LT(weight_bytes("bfloat16"), weight_bytes("float32"));
    EXPECT_GE(2 * weight_bytes("bfloat16"), weight_bytes("float32"));  // tables stay float32
}

TEST_F(PlannedNetworkTest, CountsTheNumbersOfTheCheckpoint) {
    const NetworkSource source{"bs_roformer", golden("bs_roformer-plain") / "config.yaml",
                               golden("bs_roformer-plain") / "model.ckpt"};
    const PlannedNetwork planned = plan_network(source, backend);

    // Float32 fills nearly all of the file.
    const auto file_numbers = static_cast<int64_t>(fs::file_size(source.checkpoint_path) / 4);
    EXPECT_LT(planned.parameters, file_numbers);
    EXPECT_GT(planned.parameters, file_numbers / 2);
}

TEST_F(PlannedNetworkTest, TellsHowMuchOfTheWeightsIsRead) {
    std::vector<double> told;
    open_network_separator({"bs_roformer", golden("bs_roformer-plain") / "config.yaml",
                            golden("bs_roformer-plain") / "model.ckpt"},
                           backend, [&](double fraction) { told.push_back(fraction); });

    ASSERT_FALSE(told.empty());
    EXPECT_TRUE(std::ranges::is_sorted(told));
    EXPECT_GT(told.back(), 0.95);
}

TEST_F(PlannedNetworkTest, BuildsOnlyTheTargetOfANetworkWithSeveralStems) {
    const auto all = separate(four_stems("target_instrument: null", "target_instrument: ''"));
    const NetworkSource target = four_stems("target_instrument: null", "target_instrument: other");
    const auto one = separate(target);

    EXPECT_THAT(plan_network(target, backend).info.instruments, ElementsAre("other"));
    EXPECT_EQ(plan_network(target, backend).network.stems, 1);
    ASSERT_EQ(all.size(), 4u);
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0], all[2]);
}

TEST_F(PlannedNetworkTest, TheTargetOfANetworkWithOneStemMayStandAnywhereAmongTheInstruments) {
    std::string text = read_file(golden("bs_roformer-plain") / "config.yaml");
    const std::string list = "[vocals, other]";
    std::ofstream(folder / "config.yaml") << text.replace(text.find(list), list.size(), "[other, vocals]");

    const PlannedNetwork planned = plan_network(
        {"bs_roformer", folder / "config.yaml", golden("bs_roformer-plain") / "model.ckpt"}, backend);

    EXPECT_THAT(planned.info.instruments, ElementsAre("vocals"));
}

TEST_F(PlannedNetworkTest, GivesTheOnlyStemOfANetworkToEveryInstrumentWithoutATarget) {
    std::string text = read_file(golden("bs_roformer-plain") / "config.yaml");
    const std::string line = "target_instrument: vocals";
    std::ofstream(folder / "config.yaml") << text.replace(text.find(line), line.size(), "");

    const auto stems =
        separate({"bs_roformer", folder / "config.yaml", golden("bs_roformer-plain") / "model.ckpt"});

    ASSERT_EQ(stems.size(), 2u);
    EXPECT_EQ(stems[0], stems[1]);
}

TEST_F(PlannedNetworkTest, ComputesOnlyTheWantedStems) {
    const PlannedNetwork planned = plan_network(four_stems("num_overlap: 2", "num_overlap: 2"), backend);
    const auto model = compile_network(planned);
    std::vector<float> mixture(model->info().channels * model->chunk_frames());
    for (size_t i = 0; i < mixture.size(); ++i) mixture[i] = 0.1f * static_cast<float>((i * 37) % 19) - 0.9f;
    const auto run = [&](const std::vector<bool>& wanted, int& operations) {
        std::vector<float> stems(4 * mixture.size());
        model->separate(mixture, /*batch=*/1, stems,
                        {.stop = {}, .on_progress = [&](double) { ++operations; }, .wanted = wanted});
        return stems;
    };

    int operations_of_all = 0, operations_of_one = 0;
    const std::vector<float> all = run({}, operations_of_all);
    const std::vector<float> one = run({false, false, true, false}, operations_of_one);

    EXPECT_LT(operations_of_one, operations_of_all);
    const auto stem = [&](const std::vector<float>& stems, int s) {
        return std::vector(stems.begin() + s * mixture.size(), stems.begin() + (s + 1) * mixture.size());
    };
    EXPECT_EQ(stem(one, 2), stem(all, 2));
    EXPECT_EQ(stem(one, 0), std::vector<float>(mixture.size()));
}

TEST_F(PlannedNetworkTest, AStreamPassesOnWhichStemsAreWanted) {
    const auto separator = open_network_separator(four_stems("batch_size: 1", "batch_size: 1"), backend);
    std::vector<float> song(2 * 20'000, 0.25f);
    const auto all = testing::separate_planar(*separator->open({}), /*channels=*/2, song);
    const auto stream = separator->open({});
    stream->want_only({false, true, false, false});
    const auto one = testing::separate_planar(*stream, /*channels=*/2, song);

    EXPECT_EQ(one[1], all[1]);
    EXPECT_EQ(one[3], std::vector<float>(song.size()));
}

TEST_F(PlannedNetworkTest, ChunksFadeAsTheConfigurationOrTheCallerSays) {
    using Edges = ChunkRules::Edges;
    NetworkSource source = four_stems("num_overlap: 2", "num_overlap: 2");
    EXPECT_EQ(plan_network(source, backend).rules.edges, Edges::msst);
    source.chunk_edges = "per_chunk";
    EXPECT_EQ(plan_network(source, backend).rules.edges, Edges::per_chunk);
    source = four_stems("num_overlap: 2", "num_overlap: 2, chunk_edges: per_chunk");
    EXPECT_EQ(plan_network(source, backend).rules.edges, Edges::per_chunk);
    source.chunk_edges = "msst";
    EXPECT_EQ(plan_network(source, backend).rules.edges, Edges::msst);
}

TEST_F(PlannedNetworkTest, RefusesOtherFadesByName) {
    EXPECT_THAT(refusal(four_stems("num_overlap: 2", "num_overlap: 2, chunk_edges: soft")),
                HasSubstr("chunk_edges is 'soft', it must be msst or per_chunk"));
}

TEST_F(PlannedNetworkTest, RefusesATargetThatIsNoStem) {
    EXPECT_THAT(refusal(four_stems("target_instrument: null", "target_instrument: piano")),
                HasSubstr("'piano', which is none of the training.instruments"));
}

TEST_F(PlannedNetworkTest, RefusesAnotherNumberOfStemsThanInstruments) {
    EXPECT_THAT(refusal(four_stems("[drums, bass, other, vocals]", "[drums, bass, other]")),
                HasSubstr("gives 4 stems, the configuration names 3"));
}

TEST_F(PlannedNetworkTest, RefusesMoreOverlapsThanAChunkHasFrames) {
    EXPECT_THAT(refusal(four_stems("num_overlap: 2", "num_overlap: 1000000")), HasSubstr("num_overlap"));
}

TEST_F(PlannedNetworkTest, RefusesTheCheckpointOfAnotherNetwork) {
    EXPECT_THAT(refusal({"bs_roformer", golden("bs_roformer-plain") / "config.yaml",
                         golden("mel_band_roformer-plain") / "model.ckpt"}),
                ::testing::Not(HasSubstr("not refused")));
}

TEST_F(PlannedNetworkTest, RefusesADamagedCheckpointByItsName) {
    const std::string whole = read_file(golden("bs_roformer-plain") / "model.ckpt");
    std::ofstream(folder / "half.ckpt", std::ios::binary) << whole.substr(0, whole.size() / 2);

    EXPECT_THAT(refusal({"bs_roformer", golden("bs_roformer-plain") / "config.yaml", folder / "half.ckpt"}),
                HasSubstr("half.ckpt: "));
}

TEST_F(PlannedNetworkTest, RunsWithMadeUpWeights) {
    const auto stems = separate({"bs_roformer", golden("bs_roformer-plain") / "config.yaml", {}});

    ASSERT_EQ(stems.size(), 1u);
    EXPECT_TRUE(std::ranges::all_of(stems[0], [](float x) { return std::isfinite(x); }));
}

}  // namespace
}  // namespace msst::separation
