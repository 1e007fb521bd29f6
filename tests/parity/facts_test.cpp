// What the program tells of a network before it runs it (GET /api/v1/models/{model_type}), for every golden
// case.

#include <algorithm>
#include <regex>

#include <gtest/gtest.h>

#include "backend/open.h"
#include "parity/golden.h"
#include "separation/planned_network.h"

namespace msst {
namespace {

namespace fs = std::filesystem;
using testing::Golden;

const fs::path kGoldens = fs::path(MSST_TEST_DATA) / "goldens";

std::vector<std::string> cases() {
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

// A batch norm's statistics are measured, not learned.
TEST_P(NetworkFacts, CountWhatWasLearned) {
    const auto weights = golden_.weights();
    int64_t learned = 0;
    for (const std::string& name : weights->names())
        if (!std::regex_search(name, std::regex("running_(mean|var)$|num_batches_tracked$")))
            learned += graph::elements(*weights->find(name));

    EXPECT_EQ(planned_.parameters, learned);
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

INSTANTIATE_TEST_SUITE_P(Goldens, NetworkFacts, ::testing::ValuesIn(cases()), [](const auto& test) {
    std::string name = test.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace msst
