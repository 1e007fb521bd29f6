// What the program tells of a network before it runs it (GET /api/v1/models/{model_type}), for every golden
// case.

#include <algorithm>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "backend/open.h"
#include "parity/golden.h"
#include "separation/planned_network.h"

namespace msst {
namespace {

namespace fs = std::filesystem;
using testing::Golden;

const fs::path kGoldens = fs::path(MSST_TEST_DATA) / "goldens";

std::vector<std::string> golden_names() {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(kGoldens))
        if (fs::exists(entry.path() / "golden.safetensors")) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

// Cases are named by MSST's type and what is special; Demucs v3 is of the type of v4.
std::string model_type_of(const std::string& name) {
    return name == "hdemucs" ? "htdemucs" : name.substr(0, name.find('-'));
}

// The network's outputs that are wanted: all, or the target's.
std::optional<std::vector<int>> stems_of(const model::ModelConfig& config) {
    if (!config.target) return std::nullopt;
    return std::vector<int>{config.target_index()};
}

class NetworkFacts : public ::testing::TestWithParam<std::string> {
protected:
    NetworkFacts() {
        const fs::path folder = kGoldens / GetParam();
        fs::path checkpoint;
        for (const fs::directory_entry& entry : fs::directory_iterator(folder))
            if (entry.path().stem() == "model") checkpoint = entry.path();
        const auto backend = backend::open_backend("cpu", {.precision = "float32"}).backend;
        planned_ = separation::plan_network({model_type_of(GetParam()), folder / "config.yaml", checkpoint},
                                            backend);
    }

    Golden golden_{GetParam()};
    separation::PlannedNetwork planned_;
};

TEST_P(NetworkFacts, AreThoseOfTheFiles) {
    const graph::Shape forward = golden_.tensors().info("forward").shape;  // [sources, channels, samples]
    const model::ModelConfig config = golden_.config();

    EXPECT_EQ(planned_.info.instruments,
              config.target ? std::vector<std::string>{*config.target} : config.instruments);
    const int rate = model_type_of(GetParam()) == "htdemucs" ? 8000 : 44100;
    EXPECT_EQ(planned_.info.sample_rate, rate);
    EXPECT_EQ(planned_.info.channels, forward[1]);
    EXPECT_DOUBLE_EQ(planned_.chunk_seconds(),
                     static_cast<double>(golden_.tensors().info("input").shape[1]) / rate);
}

// Counted without msst, by tests/data/count_parameters.py. A case that is not here fails.
const std::map<std::string, int64_t> kParameters = {
    {"apollo", 181'612},
    {"bs_conformer", 355'692},
    {"bs_roformer-4stem", 903'372},
    {"bs_roformer-large", 54'688},
    {"bs_roformer-linear", 264'606},
    {"bs_roformer-plain", 329'676},
    {"bs_roformer-pope", 329'748},
    {"bs_roformer-siamese", 25'616},
    {"hdemucs", 596'412},
    {"htdemucs-4stem", 256'192},
    {"htdemucs-6stem", 433'996},
    {"mdx23c-batchnorm", 172'304},
    {"mdx23c-instance", 223'088},
    {"mel_band_conformer", 610'904},
    {"mel_band_roformer-4stem", 939'680},
    {"mel_band_roformer-plain", 698'584},
    {"scnet-large", 290'144},
    {"scnet-small", 91'988},
    {"scnet_masked", 104'360},
    {"scnet_tran", 71'892},
};

TEST_P(NetworkFacts, CountWhatWasLearnedOnce) {
    ASSERT_TRUE(kParameters.contains(GetParam()));
    EXPECT_EQ(planned_.parameters, kParameters.at(GetParam()));
}

// Whatever the network: weights are float32 at least once in memory, and each is multiplied and added at
// least once in a chunk.
TEST_P(NetworkFacts, CostsAreNoLessThanTheWeightsCost) {
    const double chunks = planned_.rules.num_overlap / planned_.chunk_seconds();  // in a second of song

    EXPECT_GE(planned_.device_bytes(), 3 * planned_.parameters);
    EXPECT_LE(planned_.device_bytes(), int64_t{1} << 30);
    EXPECT_GE(planned_.flops_per_audio_second(), 1.5 * chunks * static_cast<double>(planned_.parameters));
    EXPECT_LE(planned_.flops_per_audio_second(), 1e12);
    const double flops = planned_.network.graph.flops();
    EXPECT_NEAR(planned_.flops_per_audio_second(), chunks * flops, 1e-3 * chunks * flops);
}

// Millions of operations of a chunk by the description of the network, products of matrices and convolutions
// only, worked out without msst by tests/data/estimate_work.py. What a graph does besides is not in it.
struct Work {
    const char* name;
    double millions;
};

class NetworkWork : public ::testing::TestWithParam<Work> {};

TEST_P(NetworkWork, IsWhatTheDescriptionSays) {
    const Golden golden(GetParam().name);
    const auto network = model::build_network(model_type_of(GetParam().name), golden.config(),
                                              golden.weights(), {.stems = stems_of(golden.config())});

    EXPECT_GE(network.graph.flops(), 0.98e6 * GetParam().millions);
    EXPECT_LE(network.graph.flops(), 1.25e6 * GetParam().millions);
}

INSTANTIATE_TEST_SUITE_P(Goldens, NetworkWork,
                         ::testing::Values(Work{"bs_roformer-plain", 232.2},
                                           Work{"mel_band_roformer-plain", 113.8},
                                           Work{"mdx23c-instance", 302.1}, Work{"htdemucs-4stem", 101.1}),
                         [](const auto& test) { return model_type_of(test.param.name); });

INSTANTIATE_TEST_SUITE_P(Goldens, NetworkFacts, ::testing::ValuesIn(golden_names()), [](const auto& test) {
    std::string name = test.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace msst
