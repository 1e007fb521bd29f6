#include "supervisor/node_name.h"

#include <fstream>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace msst::supervisor {
namespace {

using msst::testing::TempFolder;

TEST(NodeName, IsTheSameAtEveryStartOnOneDataDirectory) {
    const TempFolder folder;
    const std::string name = node_name(folder / "data");
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(node_name(folder / "data"), name);
}

TEST(NodeName, DiffersBetweenDataDirectories) {
    const TempFolder folder;
    EXPECT_NE(node_name(folder / "one"), node_name(folder / "other"));
}

TEST(NodeName, IsMadeAnewWhereItsFileHoldsNone) {
    const TempFolder folder;
    std::ofstream(folder / "node") << "no/name\n";
    const std::string name = node_name(folder.path());
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_EQ(node_name(folder.path()), name);
}

}  // namespace
}  // namespace msst::supervisor
