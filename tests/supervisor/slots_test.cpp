#include "supervisor/slots.h"

#include <gtest/gtest.h>

namespace msst::supervisor {
namespace {

using Names = std::vector<std::string>;

Names devices_of(const std::vector<WorkerSlot>& slots) {
    Names devices;
    for (const WorkerSlot& slot : slots) devices.push_back(slot.device);
    return devices;
}

TEST(Slots, AreOneForEachDevice) {
    const auto slots = spread_slots({"cuda:0", "cuda:1"}, 2);
    EXPECT_EQ(devices_of(slots), (Names{"cuda:0", "cuda:1"}));
    EXPECT_NE(slots[0].name, slots[1].name);
    EXPECT_FALSE(slots[0].shares_device || slots[1].shares_device);
}

TEST(Slots, BeyondTheDevicesShareThemEvenly) {
    const auto slots = spread_slots({"cuda:0", "cuda:1"}, 3);
    EXPECT_EQ(devices_of(slots), (Names{"cuda:0", "cuda:1", "cuda:0"}));
    EXPECT_TRUE(slots[0].shares_device);
    EXPECT_FALSE(slots[1].shares_device);
    EXPECT_TRUE(slots[2].shares_device);
    EXPECT_NE(slots[0].name, slots[2].name);
}

TEST(Slots, FewerThanDevicesTakeTheFirstOnes) {
    EXPECT_EQ(devices_of(spread_slots({"cuda:0", "cuda:1"}, 1)), Names{"cuda:0"});
}

}  // namespace
}  // namespace msst::supervisor
