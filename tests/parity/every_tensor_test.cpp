// That no tensor of a golden case is left out: goldens that nobody looks at prove nothing.

#include <filesystem>

#include <gtest/gtest.h>

#include "parity/golden.h"

namespace msst {
namespace {

namespace fs = std::filesystem;

// Fails after the last test if some tensor was read by none. With a filter there is nothing to tell.
class EveryTensorIsCompared final : public ::testing::Environment {
public:
    void TearDown() override {
        if (::testing::GTEST_FLAG(filter) != "*" || ::testing::UnitTest::GetInstance()->Failed()) return;
        for (const fs::directory_entry& folder :
             fs::directory_iterator(fs::path(MSST_TEST_DATA) / "goldens")) {
            if (!folder.is_directory()) continue;
            const std::string name = folder.path().filename();
            for (const std::string& tensor : testing::Golden(name).tensors().names())
                EXPECT_TRUE(testing::compared_tensors().contains(name + "/" + tensor))
                    << "no test compares '" << tensor << "' of the golden case " << name;
        }
    }
};

[[maybe_unused]] const auto* const kEveryTensor =
    ::testing::AddGlobalTestEnvironment(new EveryTensorIsCompared);

}  // namespace
}  // namespace msst
