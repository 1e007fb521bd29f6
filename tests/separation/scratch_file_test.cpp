#include "separation/scratch_file.h"

#include <array>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temp_folder.h"

namespace msst::separation {
namespace {

TEST(ScratchFile, KeepsWhatIsWrittenAndIsZeroElsewhere) {
    const testing::TempFolder folder;
    ScratchFile file(folder.path(), 100);
    const std::array<std::byte, 3> written = {std::byte{1}, std::byte{2}, std::byte{3}};
    file.write(50, written);

    std::array<std::byte, 5> read = {};
    file.read(49, read);

    EXPECT_EQ(read, (std::array<std::byte, 5>{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}, {}}));
}

TEST(ScratchFile, CannotBeSeenInItsFolder) {
    const testing::TempFolder folder;
    const ScratchFile file(folder.path(), 100);

    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ScratchFile, OnADiskThatIsTooSmallSaysSoAtOnce) {
    const testing::TempFolder folder;
    try {
        ScratchFile(folder.path(), std::numeric_limits<int64_t>::max() / 2);
        FAIL() << "there is room";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable) << error.what();
    }
}

}  // namespace
}  // namespace msst::separation
