#include "store/directory/private_folder.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "support/temp_folder.h"

namespace msst::store::directory {
namespace {

using msst::testing::TempFolder;
using ::testing::ElementsAre;

mode_t mode_of(const std::filesystem::path& path) {
    struct stat facts {};
    EXPECT_EQ(stat(path.c_str(), &facts), 0);
    return facts.st_mode & 0777;
}

TEST(SafeName, IsOfLettersDigitsDotsDashesAndUnderscores) {
    EXPECT_TRUE(is_safe_name("0190-ab_C.wav"));
    EXPECT_TRUE(is_safe_name(std::string(255, 'a')));
    for (const char* name : {"", ".", "..", "a/b", "a\\b", "a b", "ü", "a\n", "a:b", "~", "%2e%2e"})
        EXPECT_FALSE(is_safe_name(name)) << name;
    EXPECT_FALSE(is_safe_name(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_safe_name(std::string(256, 'a')));
}

TEST(SplitKey, GivesTheComponents) {
    EXPECT_THAT(split_key("results/t/1/vocals.wav"), ElementsAre("results", "t", "1", "vocals.wav"));
}

TEST(SplitKey, RefusesEveryWayOut) {
    for (const char* key : {"", "/", "/etc/passwd", "a//b", "a/", "uploads/../../x", "uploads/.", "a/\n"})
        EXPECT_THROW(split_key(key), Error) << key;
}

TEST(PrivateFolder, IsForItsUserAloneWhateverTheUmask) {
    const TempFolder temp;
    const mode_t before = umask(0);
    const PrivateFolder folder(temp / "data");
    const PrivateFolder open = folder.ensure_folder("open");
    umask(0277);
    const PrivateFolder closed = folder.ensure_folder("closed");
    umask(before);
    EXPECT_EQ(mode_of(temp / "data"), 0700u);
    EXPECT_EQ(mode_of(open.path()), 0700u);
    EXPECT_EQ(mode_of(closed.path()), 0700u);
}

TEST(PrivateFolder, FollowsNoLink) {
    const TempFolder temp;
    std::filesystem::create_directory(temp / "outside");
    std::ofstream(temp / "outside/secret") << "secret";
    const PrivateFolder folder(temp / "data");
    std::filesystem::create_directory_symlink(temp / "outside", temp / "data/link");
    std::filesystem::create_symlink(temp / "outside/secret", temp / "data/file");

    EXPECT_FALSE(folder.open_file({"link", "secret"}));
    EXPECT_FALSE(folder.open_file({"file"}));
    EXPECT_FALSE(folder.open_folder("link"));
    EXPECT_THROW(folder.ensure_folder("link"), Error);
}

TEST(PrivateFolder, OpensNothingButRegularFiles) {
    const TempFolder temp;
    const PrivateFolder folder(temp / "data");
    ASSERT_EQ(mkfifo((temp / "data/pipe").c_str(), 0600), 0);
    folder.ensure_folder("folder");
    EXPECT_FALSE(folder.open_file({"pipe"}));
    EXPECT_FALSE(folder.open_file({"folder"}));
    EXPECT_FALSE(folder.open_file({"missing"}));
    EXPECT_FALSE(folder.open_file({"missing", "file"}));
}

}  // namespace
}  // namespace msst::store::directory
