#include "device/machine_memory.h"

#include <fstream>

#include <gtest/gtest.h>

#include "device/cpu_device.h"
#include "support/temp_folder.h"

namespace msst::device {
namespace {

// A root with the files that the kernel would show; 1000 kB of memory, 600 kB of it available.
class MachineMemory : public ::testing::Test {
protected:
    MachineMemory() { write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n"); }

    void write(const std::string& file, const std::string& text) {
        const auto path = root / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }

    msst::testing::TempFolder root;
};

TEST_F(MachineMemory, IsTheMachinesWhereNothingLimitsIt) {
    const Memory memory = machine_memory(root.path());
    EXPECT_EQ(memory.total_bytes, 1'024'000);
    EXPECT_EQ(memory.free_bytes, 614'400);
}

TEST_F(MachineMemory, CountsWhatTheProcessHoldsItselfAsFree) {
    write("proc/self/statm", "1000 10 5 0 0 0 0");
    EXPECT_EQ(machine_memory(root.path()).free_bytes, 614'400 + 10 * ::sysconf(_SC_PAGESIZE));
}

TEST_F(MachineMemory, IsThatOfTheControlGroupWhereThatHasLess) {
    write("proc/self/cgroup", "0::/service/msst\n");
    write("sys/fs/cgroup/service/memory.max", "500000\n");
    write("sys/fs/cgroup/service/memory.current", "300000\n");
    write("sys/fs/cgroup/service/memory.stat", "anon 100\ninactive_file 50000\n");
    write("sys/fs/cgroup/service/msst/memory.max", "max\n");
    write("sys/fs/cgroup/service/msst/memory.current", "300000\n");
    const Memory memory = machine_memory(root.path());
    EXPECT_EQ(memory.total_bytes, 500'000);
    EXPECT_EQ(memory.free_bytes, 250'000);
}

TEST_F(MachineMemory, OfThisMachineIsThere) {
    const Memory memory = CpuDevice().memory();
    EXPECT_GT(memory.free_bytes, 0);
    EXPECT_LE(memory.free_bytes, memory.total_bytes);
}

}  // namespace
}  // namespace msst::device
