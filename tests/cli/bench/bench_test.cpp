#include "cli/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/bench_report.h"

namespace msst::cli {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;

std::filesystem::path golden(const char* file) {
    return std::filesystem::path(MSST_TEST_DATA) / "goldens/bs_roformer-plain" / file;
}

TEST(Bench, MeasuresANetworkWithMadeUpWeightsBesideTheMachine) {
    const BenchResult result =
        run_bench({.config_path = golden("config.yaml"), .runs = 2, .has_profile = true}, {});
    const auto json = nlohmann::json::parse(to_json(result));

    EXPECT_EQ(json["architecture"], "bs_roformer");
    EXPECT_EQ(json["backend"], "cpu");
    EXPECT_EQ(json["run_seconds"].size(), 2u);
    for (const char* field : {"parameters", "load_seconds", "median_seconds", "gflop_per_chunk", "gflops",
                              "peak_float32_gflops", "usual_float32_gflops", "fraction_of_usual_float32",
                              "audio_seconds_per_second", "device_bytes", "peak_rss_bytes"})
        EXPECT_GT(json[field].get<double>(), 0) << field;
    // A chunk of 0.2 s every 0.1 s.
    EXPECT_NEAR(json["audio_seconds_per_second"].get<double>(), 0.1 / result.median_seconds(), 1e-6);
    EXPECT_FALSE(json["profile"].empty());
    EXPECT_THAT(to_text(result),
                AllOf(HasSubstr("GFLOP per chunk"), HasSubstr("meanwhile"), HasSubstr("stft")));
}

TEST(Bench, TheProfileSharesOutTheWholeRun) {
    const BenchResult result = run_bench({.config_path = golden("config.yaml"),
                                          .checkpoint_path = golden("model.ckpt"),
                                          .device = "reference",
                                          .runs = 1,
                                          .has_profile = true},
                                         {});
    double seconds = 0;
    for (const RunProfile::Entry& entry : result.profile) seconds += entry.seconds;

    EXPECT_GT(seconds, 0.5 * result.run_seconds.front()) << "another program may run between two operations";
    EXPECT_LE(seconds, result.run_seconds.front());
    EXPECT_THAT(result.warnings, ::testing::ElementsAre(HasSubstr("reference")));
}

TEST(Bench, TheMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
    BenchResult result{.run_seconds = {3, 1, 2}};
    EXPECT_DOUBLE_EQ(result.median_seconds(), 2);
    result.run_seconds = {4, 1, 2, 3};
    EXPECT_DOUBLE_EQ(result.median_seconds(), 2.5);
}

TEST(Bench, StopsWhenAsked) {
    std::stop_source source;
    source.request_stop();
    try {
        run_bench({.config_path = golden("config.yaml")}, source.get_token());
        FAIL() << "it ran";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

}  // namespace
}  // namespace msst::cli
