#include "http/routes/zip.h"

#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "http/file_response.h"
#include "support/temp_folder.h"

namespace msst::http::routes {
namespace {

FileSlice sparse_file(const std::filesystem::path& path, int64_t size) {
    UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    EXPECT_EQ(ftruncate(fd.get(), size), 0);
    return {.file = std::make_shared<const UniqueFd>(std::move(fd)), .offset = 0, .length = size};
}

// Writes the archive with holes where the members are, so that gigabytes cost nothing.
void write_sparse(const Segments& segments, const std::filesystem::path& path) {
    UniqueFd out = open_file(path, O_RDWR | O_CREAT);
    int64_t at = 0;
    for (const auto& segment : segments) {
        if (const auto* text = std::get_if<std::string>(&segment)) {
            EXPECT_EQ(pwrite(out.get(), text->data(), text->size(), at), std::ssize(*text));
            at += std::ssize(*text);
        } else {
            at += std::get<FileSlice>(segment).length;
        }
    }
    EXPECT_EQ(ftruncate(out.get(), at), 0);
}

std::string listing(const std::filesystem::path& zip) {
    const std::string command = "unzip -Z1 '" + zip.string() + "' && unzip -Zl '" + zip.string() + "'";
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    char line[512];
    while (fgets(line, sizeof line, pipe)) text += line;
    EXPECT_EQ(pclose(pipe), 0) << text;
    return text;
}

TEST(StoredZip, IsTheSameForTheSameInput) {
    const msst::testing::TempFolder folder;
    const std::vector<ZipMember> members{{"a.wav", sparse_file(folder / "a", 100), 7}};
    const Segments one = stored_zip(members, Timestamp{});
    const Segments two = stored_zip(members, Timestamp{});
    EXPECT_EQ(std::get<std::string>(one[0]), std::get<std::string>(two[0]));
    EXPECT_EQ(std::get<std::string>(one[2]), std::get<std::string>(two[2]));
    EXPECT_EQ(size_of(one), 30 + 5 + 100 + 46 + 5 + 22);
}

TEST(StoredZip, HoldsFilesAndOffsetsBeyondFourGigabytes) {
    const msst::testing::TempFolder folder;
    const int64_t large = (int64_t{1} << 32) + 5;
    const std::vector<ZipMember> members{{"small.wav", sparse_file(folder / "a", 3), 0},
                                         {"large.wav", sparse_file(folder / "b", large), 0},
                                         {"last.wav", sparse_file(folder / "c", 3), 0}};
    write_sparse(stored_zip(members, Timestamp{}), folder / "archive.zip");
    if (system("unzip -v > /dev/null 2>&1") != 0) GTEST_SKIP() << "unzip is not installed";
    const std::string text = listing(folder / "archive.zip");
    EXPECT_EQ(text.substr(0, text.find("last.wav")), "small.wav\nlarge.wav\n");
    EXPECT_NE(text.find(std::to_string(large)), std::string::npos) << text;
}

}  // namespace
}  // namespace msst::http::routes
