#include "worker/stem_file_names.h"

#include <gtest/gtest.h>

namespace msst::worker {
namespace {

TEST(StemFileNames, KeepsPlainNames) {
    EXPECT_EQ(StemFileNames("wav").name_for("vocals"), "vocals.wav");
}

TEST(StemFileNames, ReplacesWhatAFileNameMayNotHold) {
    EXPECT_EQ(StemFileNames("flac").name_for("../lead voice"), "___lead_voice.flac");
    EXPECT_EQ(StemFileNames("flac").name_for(""), "stem.flac");
}

TEST(StemFileNames, GivesNoNameTwice) {
    StemFileNames names("wav");

    EXPECT_EQ(names.name_for("a b"), "a_b.wav");
    EXPECT_EQ(names.name_for("a/b"), "a_b_2.wav");
    EXPECT_EQ(names.name_for("a b"), "a_b.wav");
}

TEST(StemFileNames, ShortensWhatIsTooLongForAFileSystem) {
    EXPECT_LT(StemFileNames("wav").name_for(std::string(1'000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace msst::worker
