#include "config/example.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/sha256.h"
#include "config/keys.h"
#include "config/load.h"

namespace msst::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kSource = MSST_SOURCE_FOLDER;

TEST(ExampleFile, IsTheOneInTheRepository) {
    EXPECT_EQ(read_file(kSource / "msst.example.yaml"), example_file())
        << "msst check --print-example > msst.example.yaml";
}

TEST(ExampleFile, HoldsTheDefaults) {
    EXPECT_EQ(show_config(parse_config(example_file(), "example", {}).config), show_config(Config{}));
}

TEST(MarkdownTable, IsTheOneInTheDocumentation) {
    EXPECT_THAT(read_file(kSource / "docs/configuration.md"), HasSubstr(markdown_table()))
        << "msst check --print-table";
}

TEST(Keys, AreAllToldApart) {
    std::vector<std::string> names = key_names();
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(ShowConfig, ReadsBackToTheSame) {
    Config config;
    config.host = "::1";
    config.max_file_size = 1536 * 1024;
    config.cleanup_retention_hours = 0.1;
    config.enable_auth = true;
    config.api_keys = {{.name = "O'Hara \"x\"", .sha256 = sha256_hex("a")}};
    config.devices = {"cuda:0", "cpu", "one", "two"};
    config.simulated_devices = {
        {.name = "one", .memory = 1'000'000, .speed = 2.5, .fault = "hang", .fault_while = "a b"},
        {.name = "two", .memory = 7}};
    config.lease = std::chrono::milliseconds(1234);
    config.models = {{"kim", "mel_band_roformer", "a b/c: d.yaml", "x.ckpt"}, {"y", "", "#.yaml", "y.pt"}};
    config.log_file = "auto.log";
    config.status_requests_per_hour = 5;
    const std::string text = show_config(config);
    EXPECT_EQ(show_config(parse_config(text, "shown", {}).config), text);
}

TEST(ShowConfig, GivesWorkersEverythingButTheApiKeys) {
    Config config;
    config.host = "0.0.0.0";
    config.enable_auth = true;
    config.api_keys = {{.name = "alice", .sha256 = sha256_hex("a")}};
    config.max_audio_hours = 2.5;
    config.progress_timeout = std::chrono::milliseconds(45'250);
    const std::string text = show_config_for_workers(config);
    EXPECT_THAT(text, Not(HasSubstr(sha256_hex("a"))));
    const Config read = parse_config(text, "snapshot", {}).config;
    EXPECT_EQ(read.max_audio_hours, 2.5);
    EXPECT_EQ(read.progress_timeout, config.progress_timeout);
}

TEST(ShowConfig, HidesApiKeysFromPeoplesEyes) {
    Config config;
    config.api_keys = {{.name = "alice", .sha256 = sha256_hex("a")}};
    EXPECT_THAT(show_config_without_secrets(config),
                AllOf(HasSubstr("alice"), Not(HasSubstr(sha256_hex("a")))));
}

}  // namespace
}  // namespace msst::config
