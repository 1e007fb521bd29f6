#include "separation/network_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::separation {
namespace {

using ::testing::ElementsAre;

// Output s of a chunk is the chunk times 10^s.
class PowersOfTen final : public graph::Executable {
public:
    explicit PowersOfTen(int64_t stems) : stems_(stems) {}

    void run(std::span<const std::span<const float>> inputs, std::span<const std::span<float>> outputs,
             const graph::RunControl& control) override {
        if (control.stop.stop_requested()) throw Error(ErrorCode::cancelled, "stopped");
        ASSERT_EQ(outputs[0].size(), inputs[0].size() * stems_);
        float gain = 1;
        for (int64_t s = 0; s < stems_; ++s, gain *= 10)
            for (size_t i = 0; i < inputs[0].size(); ++i)
                outputs[0][s * inputs[0].size() + i] = gain * inputs[0][i];
        if (control.on_progress) control.on_progress(0.5);
        if (control.on_progress) control.on_progress(1);
    }

private:
    int64_t stems_;
};

NetworkModel make_model(const std::vector<std::string>& instruments, int64_t network_stems) {
    return {{.instruments = instruments, .sample_rate = 44100, .channels = 1},
            /*chunk_frames=*/2,
            network_stems,
            std::make_unique<PowersOfTen>(network_stems)};
}

TEST(NetworkModel, GivesEachChunkOfABatchItsStems) {
    const NetworkModel model = make_model({"vocals", "other"}, 2);
    const std::vector<float> mixtures = {1, 2, 3, 4};
    std::vector<float> stems(8);

    model.separate(mixtures, /*batch=*/2, stems, {});

    EXPECT_THAT(stems, ElementsAre(1, 2, 10, 20, 3, 4, 30, 40));
}

TEST(NetworkModel, GivesTheOnlyStemOfANetworkToEveryInstrument) {
    const NetworkModel model = make_model({"vocals", "other", "bass"}, 1);
    std::vector<float> stems(12);

    model.separate(std::vector<float>{1, 2, 3, 4}, /*batch=*/2, stems, {});

    EXPECT_THAT(stems, ElementsAre(1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4));
}

TEST(NetworkModel, TellsProgressOfTheWholeBatch) {
    const NetworkModel model = make_model({"vocals"}, 1);
    std::vector<float> stems(4);
    std::vector<double> told;

    model.separate(
        std::vector<float>{1, 2, 3, 4}, /*batch=*/2, stems,
        {.stop = {}, .on_progress = [&](double fraction) { told.push_back(fraction); }, .wanted = {}});

    EXPECT_THAT(told, ElementsAre(0.25, 0.5, 0.75, 1));
}

TEST(NetworkModel, HandsTheRequestToStopDown) {
    const NetworkModel model = make_model({"vocals"}, 1);
    std::vector<float> stems(2);
    std::stop_source source;
    source.request_stop();

    try {
        model.separate(std::vector<float>{1, 2}, /*batch=*/1, stems,
                       {.stop = source.get_token(), .on_progress = {}, .wanted = {}});
        FAIL() << "it ran";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

TEST(NetworkModel, RefusesSeveralStemsForAnotherNumberOfInstruments) {
    EXPECT_THROW(make_model({"vocals"}, 2), Error);
}

}  // namespace
}  // namespace msst::separation
