#include "yaml/reader.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temp_folder.h"

namespace msst::yaml {
namespace {

using ::testing::HasSubstr;

// The message of the error that `text` causes; empty when it is read.
std::string problem_of(const std::string& text, const Limits& limits = {}) {
    try {
        parse_document(text, "x.yaml", limits);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        return error.what();
    }
    return "";
}

TEST(YamlReader, KeepsOrderLinesAndDuplicates) {
    const Node root = parse_document("a: 1\nb:\n  - x\n  - 'y'\na: 2\n", "x.yaml");
    ASSERT_EQ(root.entries.size(), 3u);
    EXPECT_EQ(root.entries[1].value.items[1].text, "y");
    EXPECT_EQ(root.entries[1].value.items[1].line, 4);
    EXPECT_TRUE(root.entries[1].value.items[1].quoted);
    EXPECT_EQ(root.entries[2].line, 5);
    EXPECT_EQ(root.find("a")->text, "2") << "the last one counts, as in PyYAML";
}

TEST(YamlReader, ReadsJsonIndentedWithTabs) {
    const Node root = parse_document("{\n\t\"a\": [1, 2],\n\t\"b\": null\n}\n", "x.json");
    EXPECT_EQ(root.find("a")->items.size(), 2u);
    EXPECT_TRUE(root.find("b")->is_null());
}

TEST(YamlReader, SaysTheLineOfAnEmptyValue) {
    const Node root = parse_document("a:\n\n\nb: 1\n", "x.yaml");
    EXPECT_EQ(root.find("a")->line, 1);
}

TEST(YamlReader, ReadsNothingAsNull) {
    EXPECT_TRUE(parse_document("", "x").is_null());
    EXPECT_TRUE(parse_document("!!python/tuple", "x").is_null());
    EXPECT_TRUE(parse_document("''", "x").is_scalar());
    EXPECT_TRUE(parse_document("# only a comment\n", "x").is_null());
}

TEST(YamlReader, TakesTaggedTuplesForLists) {
    const Node root = parse_document("a: !!python/tuple [1, 2]\nb: !!python/tuple\n  - 3\n", "x");
    EXPECT_EQ(root.find("a")->items.size(), 2u);
    EXPECT_EQ(root.find("b")->items.size(), 1u);
}

TEST(YamlReader, RefusesOtherTagsOfPython) {
    EXPECT_THAT(problem_of("a: 1\nb: !!python/object/apply:os.system [ls]\n"),
                HasSubstr("x.yaml:2: has the tag 'tag:yaml.org,2002:python/object/apply:os.system'"));
    EXPECT_THAT(problem_of("a: !!python/name:os.system\n"), HasSubstr("python/name"));
}

TEST(YamlReader, CopiesWhatAnAliasStandsFor) {
    const Node root = parse_document("a: &a [1, {b: &b two}]\nc: *a\nd: *b\n*b : e\n", "x");
    EXPECT_EQ(root.find("c")->items[1].find("b")->text, "two");
    EXPECT_EQ(root.find("d")->text, "two");
    EXPECT_EQ(root.find("two")->text, "e");
}

TEST(YamlReader, RefusesAnAliasInsideOfWhatItNames) {
    EXPECT_THAT(problem_of("a: &x [1, *x]\n"), HasSubstr("x.yaml:1: "));
}

TEST(YamlReader, RefusesAnAliasForAKeyThatIsNoWord) {
    EXPECT_THAT(problem_of("a: &x [1]\n*x : 2\n"), HasSubstr("x.yaml:2: a key must be a plain word"));
}

TEST(YamlReader, RefusesABillionLaughs) {
    std::string bomb = "a0: &a0 [l, l, l, l]\n";
    for (int i = 1; i < 30; ++i)
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
                ", *a" + std::to_string(i - 1) + "]\n";
    EXPECT_THAT(problem_of(bomb), HasSubstr("more than 100000 values"));
}

TEST(YamlReader, RefusesALongWordManyTimesOver) {
    std::string bomb = "a: &a " + std::string(1000, 'x') + "\nb:\n";
    for (int i = 0; i < 10; ++i) bomb += "  - *a\n";
    EXPECT_THAT(problem_of(bomb, {.max_bytes = 4000}),
                HasSubstr("x.yaml:6: aliases stand for more than 4000 bytes"));
}

TEST(YamlReader, RefusesDeepNestingByAliases) {
    std::string nest = "a0: &a0 [x]\n";
    for (int i = 1; i < 10; ++i)
        nest += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
    EXPECT_THAT(problem_of(nest, {.max_depth = 8}), HasSubstr("nested deeper than 8"));
}

TEST(YamlReader, RefusesDeepNesting) {
    std::string list;
    for (int i = 0; i < 10'000; ++i) list += "- ";
    EXPECT_THAT(problem_of(list), HasSubstr("nested deeper than 32"));
    EXPECT_THAT(problem_of(std::string(100'000, '[')), HasSubstr("x.yaml:1: "));
    EXPECT_THAT(problem_of(std::string(100'000, '{')), HasSubstr("x.yaml:1: "));
}

TEST(YamlReader, RefusesTooManyValues) {
    EXPECT_THAT(problem_of("[1, 2, 3, 4]", {.max_nodes = 4}), HasSubstr("more than 4 values"));
    EXPECT_THAT(problem_of("[[], [], [], []]", {.max_nodes = 4}), HasSubstr("more than 4 values"));
    EXPECT_EQ(problem_of("[1, 2, 3, 4]", {.max_nodes = 5}), "");
}

TEST(YamlReader, RefusesTextThatIsTooLong) {
    EXPECT_THAT(problem_of("a: 12345", {.max_bytes = 7}), HasSubstr("longer than 7 bytes"));
}

TEST(YamlReader, RefusesControlCharactersThatWouldEndTheTextEarly) {
    EXPECT_THAT(problem_of("a: 1\nb: \x04\nc: 2\n"), HasSubstr("x.yaml:2: holds a control character"));
    EXPECT_THAT(problem_of(std::string("a: 1\0b", 6)), HasSubstr("control character"));
}

TEST(YamlReader, RefusesASecondDocument) {
    EXPECT_THAT(problem_of("a: 1\n---\nb: 2\n"), HasSubstr("more than one document"));
}

TEST(YamlReader, RefusesKeysThatAreNoWords) {
    EXPECT_THAT(problem_of("? [x]\n: 3\n"), HasSubstr("a key must be a plain word"));
}

TEST(YamlReader, SaysWhereBrokenTextBreaks) {
    EXPECT_THAT(problem_of("a: 1\nb: [1\nc: 2\n"), HasSubstr("x.yaml:3: is not YAML: "));
}

TEST(YamlReader, ReadsWindows1252WhereTheTextIsNoUtf8) {
    EXPECT_EQ(parse_document("a: K\xe4se \x80", "x").find("a")->text, "Käse €");
    EXPECT_EQ(parse_document("\xef\xbb\xbf"
                             "a: Käse",
                             "x")
                  .find("a")
                  ->text,
              "Käse");
}

TEST(YamlReader, ReadsAFileAndRefusesAFolder) {
    const testing::TempFolder folder;
    std::ofstream(folder / "a.yaml") << "a: 1";
    EXPECT_EQ(read_document(folder / "a.yaml").find("a")->text, "1");
    EXPECT_THROW(read_document(folder.path()), Error);
}

TEST(YamlReader, ShowsTheNameThatAFileIsGiven) {
    const testing::TempFolder folder;
    std::ofstream(folder / "a.yaml") << "a: [";
    try {
        read_document_as("the file", folder / "a.yaml");
        FAIL() << "read half a list";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), ::testing::StartsWith("the file:1: "));
    }
}

TEST(YamlReader, ReportsAMissingFileAsNotFound) {
    try {
        read_document("/nonexistent/a.yaml");
        FAIL() << "read a file that is not there";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
}

}  // namespace
}  // namespace msst::yaml
