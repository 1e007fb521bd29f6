#include "supervisor/worker_output.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "support/temp_folder.h"

namespace msst::supervisor {
namespace {

class Output : public ::testing::Test {
protected:
    nlohmann::json logged() const { return nlohmann::json::parse(read_file(folder / "log")); }

    msst::testing::TempFolder folder;
    Log log{folder / "log", LogLevel::debug};
    WorkerOutput output{"cpu", log};
};

TEST_F(Output, PassesLogLinesOnWithTheirSlot) {
    output.push(R"({"time":"2026-01-15T10:30:00.000Z","level":"error","event":"task_failed","code":"x"})"
                "\n");

    EXPECT_EQ(logged()["event"], "task_failed");
    EXPECT_EQ(logged()["level"], "error");
    EXPECT_EQ(logged()["time"], "2026-01-15T10:30:00.000Z");
    EXPECT_EQ(logged()["code"], "x");
    EXPECT_EQ(logged()["slot"], "cpu");
}

TEST_F(Output, KeepsTheLastWordsOfACrash) {
    output.push("terminate called after throwing \x1b[31m");
    output.finish();

    EXPECT_EQ(logged()["event"], "worker_output");
    EXPECT_EQ(logged()["text"], "terminate called after throwing  [31m");
}

TEST_F(Output, TakesJsonThatIsNoLogLineForText) {
    for (const char* line : {"{}", "[1]", "{\"event\":1}", "{\"event\":\"x\",\"level\":7}",
                             "{\"event\":\"x\",\"level\":\"loud\"}"}) {
        WorkerOutput(line, log).push(std::string(line) + "\n");
    }
    const std::string text = read_file(folder / "log");
    size_t count = 0;
    for (size_t at = 0; (at = text.find("\"event\":\"worker_output\"", at)) != std::string::npos; ++at)
        ++count;
    EXPECT_EQ(count, 5U);
}

}  // namespace
}  // namespace msst::supervisor
