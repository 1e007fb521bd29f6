#include "device/simulated_device.h"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temp_folder.h"

namespace msst::device {
namespace {

const separation::SeparatorInfo kModel = {
    .instruments = {"vocals", "other"}, .sample_rate = 1'000, .channels = 2};

// Separates one block of ones and returns the stems.
separation::StemBlocks run(const SimulatedDevice& device, std::stop_token stop = {}) {
    const auto separator = device.make_separator(kModel);
    const auto stream = separator->open(std::move(stop));
    audio::Block ones(2, 50);
    for (float& sample : ones.samples) sample = 1;
    separation::StemBlocks stems;
    stream->push(ones, [&](separation::StemBlocks given) { stems = std::move(given); });
    return stems;
}

TEST(SimulatedDevice, HasTheMemoryItIsGiven) {
    const SimulatedDevice device({.name = "big", .memory_bytes = 7});
    EXPECT_EQ(device.name(), "big");
    EXPECT_EQ(device.memory().total_bytes, 7);
    EXPECT_EQ(device.memory().free_bytes, 7);
}

TEST(SimulatedDevice, GivesStemsThatAddUpToTheMixture) {
    const auto stems = run(SimulatedDevice({.name = "a", .speed = 10}));
    ASSERT_EQ(stems.size(), 2U);
    EXPECT_EQ(stems[0].frames, 50);
    EXPECT_FLOAT_EQ(stems[0].samples[0] + stems[1].samples[0], 1);
}

TEST(SimulatedDevice, ReportsAFailureWhenItHasOne) {
    const msst::testing::TempFolder folder;
    const SimulatedDevice device({.name = "a", .fault = Fault::error, .fault_while = folder / "broken"});
    EXPECT_EQ(run(device).size(), 2U) << "the file is not there";
    std::ofstream(folder / "broken").close();
    EXPECT_THROW(run(device), Error);
}

TEST(SimulatedDevice, ThatHoldsCanBeStopped) {
    const SimulatedDevice device({.name = "a", .fault = Fault::hold});
    std::stop_source stop;
    std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_THROW(run(device, stop.get_token()), Error);
}

TEST(SimulatedDevice, ThatHangsGoesOnOnlyWhenTheFaultIsOver) {
    const msst::testing::TempFolder folder;
    std::ofstream(folder / "hung").close();
    const SimulatedDevice device({.name = "a", .fault = Fault::hang, .fault_while = folder / "hung"});
    std::jthread repair([&] { std::filesystem::remove(folder / "hung"); });
    EXPECT_EQ(run(device).size(), 2U);
}

using SimulatedDeviceDeathTest = ::testing::Test;

TEST(SimulatedDeviceDeathTest, CrashesTheProcessWhenToldTo) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(run(SimulatedDevice({.name = "a", .fault = Fault::crash})), "");
}

}  // namespace
}  // namespace msst::device
