#include "cli/output_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::cli {
namespace {

using ::testing::HasSubstr;

const StemName kName = {.file_name = "song v1.2",
                        .instr = "vocals",
                        .dir_name = "album/cd 1",
                        .start_time = "1768473000",
                        .model_type = "kim",
                        .model = "MelBandRoformer"};

std::string expand(const std::string& text, const StemName& name = kName) {
    return OutputTemplate(text).expand(name).string();
}

std::string problem_of(const std::string& text) {
    try {
        OutputTemplate{text};
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        return error.what();
    }
    return "no problem";
}

TEST(OutputTemplate, PutsStemsIntoAFolderPerSongLikeMsst) {
    EXPECT_EQ(expand("{file_name}/{instr}"), "song v1.2/vocals");
}

TEST(OutputTemplate, FillsEveryPlaceholder) {
    EXPECT_EQ(expand("{dir_name}/{file_name}_{start_time}-{model_type}.{model} ({instr})"),
              "album/cd 1/song v1.2_1768473000-kim.MelBandRoformer (vocals)");
}

TEST(OutputTemplate, DropsAnEmptyFolderName) {
    StemName name = kName;
    name.dir_name = "";
    EXPECT_EQ(expand("{dir_name}/{instr}", name), "vocals");
}

TEST(OutputTemplate, NamesTheKnownPlaceholdersWhenOneIsUnknown) {
    EXPECT_EQ(
        problem_of("{title}/{instr}"),
        "--filename_template has an unknown placeholder {title}; there are {file_name}, {instr}, {dir_name}, "
        "{start_time}, {model_type}, {model}");
}

TEST(OutputTemplate, RefusesWhatCannotWork) {
    EXPECT_THAT(problem_of("{file_name}"), HasSubstr("has no {instr}"));
    EXPECT_THAT(problem_of("{instr}/{file_name"), HasSubstr("a { without }"));
    EXPECT_THAT(problem_of("../{instr}"), HasSubstr("leads out of the output folder"));
    EXPECT_THAT(problem_of("a/../../{instr}"), HasSubstr("leads out"));
    EXPECT_THAT(problem_of("/tmp/{instr}"), HasSubstr("must be relative"));
    EXPECT_THAT(problem_of(""), HasSubstr("has no {instr}"));
}

class HostileName : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileName, NeverLeadsOutOfTheFolder) {
    StemName name = kName;
    name.file_name = name.instr = name.dir_name = name.model = name.model_type = GetParam();
    for (const char* text :
         {"{file_name}/{instr}", "{dir_name}/{instr}", "{instr}", "{model}{file_name}/.{instr}",
          ".{file_name}/{instr}", "{dir_name}{dir_name}/{model_type}/{instr}"}) {
        const std::filesystem::path path = std::filesystem::path("out") / (expand(text, name) + ".wav");
        EXPECT_TRUE(path.lexically_normal().string().starts_with("out/")) << path;
        EXPECT_EQ(path.string().find_first_of("\n\x1b"), std::string::npos);
        for (const auto& component : path) {
            EXPECT_NE(component, "..") << path;
            EXPECT_LE(component.string().size(), 255u);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(OutputTemplate, HostileName,
                         ::testing::Values("..", ".", "", "/", "//", "../../etc/passwd", "/etc/passwd",
                                           "..\\..\\x", "a\nb", "a\x1b[2Jb", " .. ", "...", "./..",
                                           "\xff\xfe", "~", "{instr}", ". .", "..\x01"));

TEST(OutputTemplate, BoundsTheLengthOfAName) {
    StemName name = kName;
    name.file_name = std::string(5000, 'x');
    EXPECT_LE(OutputTemplate("{instr}{file_name}").expand(name).filename().string().size(), 255u);
}

}  // namespace
}  // namespace msst::cli
