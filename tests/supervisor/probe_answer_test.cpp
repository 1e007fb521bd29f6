#include "supervisor/probe_answer.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::supervisor {
namespace {

// The error that the line leads to, as "code/reason/message".
std::string error_of(const std::string& line) {
    try {
        parse_probe_answer(line);
        return "none";
    } catch (const Error& error) {
        return (error.code() == ErrorCode::invalid_input ? "invalid/" : "unavailable/") + error.reason() +
               "/" + error.what();
    }
}

TEST(ProbeAnswer, HoldsTheFacts) {
    const tasks::AudioFacts facts = parse_probe_answer(
        R"({"format":"flac","duration_seconds":1.5,"sample_rate":48000,"channels":2,"more":[]})");

    EXPECT_EQ(facts.format, "flac");
    EXPECT_EQ(facts.duration_seconds, 1.5);
    EXPECT_EQ(facts.sample_rate, 48000);
    EXPECT_EQ(facts.channels, 2);
}

TEST(ProbeAnswer, PassesTheErrorOnWithCleanText) {
    EXPECT_EQ(error_of("{\"error\":{\"code\":\"unsupported_format\",\"message\":\"no \\u001b[1m audio\"}}"),
              "invalid/unsupported_format/no  [1m audio");
    EXPECT_EQ(error_of(R"({"error":{"code":"unavailable","message":"disk"}})"),
              "unavailable//the prober: disk");
}

TEST(ProbeAnswer, TakesEverythingElseForADamagedFile) {
    const std::string garbage = "invalid/invalid_audio/the file could not be examined";
    for (const char* line :
         {"", "x", "[]", "{}", "{\"format\":\"wav\"}",
          R"({"format":"exe","duration_seconds":1,"sample_rate":48000,"channels":2})",
          R"({"format":"wav","duration_seconds":0,"sample_rate":48000,"channels":2})",
          R"({"format":"wav","duration_seconds":-1,"sample_rate":48000,"channels":2})",
          R"({"format":"wav","duration_seconds":1e300,"sample_rate":48000,"channels":2})",
          R"({"format":"wav","duration_seconds":1,"sample_rate":"48000","channels":2})",
          R"({"format":"wav","duration_seconds":1,"sample_rate":48000,"channels":0.5})",
          R"({"format":"wav","duration_seconds":1,"sample_rate":1e18,"channels":2})", R"({"error":{}})",
          R"({"error":7})", R"({"error":{"code":"rm -rf","message":"x"}})",
          R"({"error":{"code":"invalid_audio","message":7}})"})
        EXPECT_EQ(error_of(line), garbage) << line;
    EXPECT_EQ(error_of(std::string(4'000, '[')), garbage);
}

TEST(ProbeAnswer, TellsWhatTheSandboxLacks) {
    EXPECT_EQ(list_sandbox_gaps(R"({"format":"wav","not_applied":["files"]})"), "[\"files\"]");
    EXPECT_EQ(list_sandbox_gaps(R"({"format":"wav"})"), "");
    EXPECT_EQ(list_sandbox_gaps("x"), "");
}

}  // namespace
}  // namespace msst::supervisor
