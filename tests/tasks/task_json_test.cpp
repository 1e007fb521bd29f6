#include "tasks/task_json.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::tasks {
namespace {

TEST(TaskJson, KeepsEveryFieldOfARequest) {
    const SeparationRequest request = {.model_type = "kim_vocals",
                                       .instruments = {"vocals", "other"},
                                       .use_tta = true,
                                       .extract_instrumental = true,
                                       .output_format = "flac",
                                       .pcm_type = "PCM_16"};
    const SeparationRequest read = parse_separation_request(to_json_text(request));

    EXPECT_EQ(read.model_type, "kim_vocals");
    EXPECT_EQ(read.instruments, request.instruments);
    EXPECT_TRUE(read.use_tta);
    EXPECT_TRUE(read.extract_instrumental);
    EXPECT_EQ(read.output_format, "flac");
    EXPECT_EQ(read.pcm_type, "PCM_16");
}

TEST(TaskJson, KeepsEveryFieldOfTheInputFacts) {
    const InputFacts read = parse_input_facts(to_json_text(InputFacts{.filename = "Ünïcode \"song\".mp3",
                                                                      .size_bytes = 5'000'000'000,
                                                                      .format = "mp3",
                                                                      .duration_seconds = 201.25,
                                                                      .sample_rate = 44100,
                                                                      .channels = 2}));
    EXPECT_EQ(read.filename, "Ünïcode \"song\".mp3");
    EXPECT_EQ(read.size_bytes, 5'000'000'000);
    EXPECT_EQ(read.format, "mp3");
    EXPECT_EQ(read.duration_seconds, 201.25);
    EXPECT_EQ(read.sample_rate, 44100);
    EXPECT_EQ(read.channels, 2);
}

TEST(TaskJson, KeepsEveryFieldOfAResult) {
    const StemFile stem = {.name = "vocals",
                           .filename = "vocals.wav",
                           .size_bytes = 17,
                           .duration_seconds = 1.5,
                           .sample_rate = 48000,
                           .channels = 2,
                           .content_type = "audio/wav",
                           .sha256 = "ab12",
                           .peak_dbfs = -1.25,
                           .rms_dbfs = -20.5,
                           .clipped_samples = 3};
    StemFile other;
    other.name = "other";
    const TaskResult read = parse_task_result(to_json_text(TaskResult{.sources = {stem, other},
                                                                      .warnings = {"3 samples clipped"},
                                                                      .processing_seconds = 3.25,
                                                                      .audio_seconds = 201.5}));
    ASSERT_EQ(read.sources.size(), 2u);
    EXPECT_EQ(read.sources[0].name, "vocals");
    EXPECT_EQ(read.sources[0].filename, "vocals.wav");
    EXPECT_EQ(read.sources[0].size_bytes, 17);
    EXPECT_EQ(read.sources[0].duration_seconds, 1.5);
    EXPECT_EQ(read.sources[0].sample_rate, 48000);
    EXPECT_EQ(read.sources[0].channels, 2);
    EXPECT_EQ(read.sources[0].content_type, "audio/wav");
    EXPECT_EQ(read.sources[0].sha256, "ab12");
    EXPECT_EQ(read.sources[0].peak_dbfs, -1.25);
    EXPECT_EQ(read.sources[0].rms_dbfs, -20.5);
    EXPECT_EQ(read.sources[0].clipped_samples, 3);
    EXPECT_EQ(read.sources[1].name, "other");
    EXPECT_EQ(read.warnings, std::vector<std::string>{"3 samples clipped"});
    EXPECT_EQ(read.processing_seconds, 3.25);
    EXPECT_EQ(read.audio_seconds, 201.5);
}

TEST(TaskJson, KeepsAnError) {
    const TaskError read =
        parse_task_error(to_json_text(TaskError{.code = "invalid_audio", .message = "no sound"}));
    EXPECT_EQ(read.code, "invalid_audio");
    EXPECT_EQ(read.message, "no sound");
}

TEST(TaskJson, WritesBadUtf8AndNumbersThatAreNoneAsValidJson) {
    StemFile stem;
    stem.name = "\xff\xfe";
    stem.peak_dbfs = std::numeric_limits<double>::quiet_NaN();
    TaskResult result;
    result.sources = {stem};
    const TaskResult read = parse_task_result(to_json_text(result));

    ASSERT_EQ(read.sources.size(), 1u);
    EXPECT_EQ(read.sources[0].name, "\uFFFD\uFFFD");
    EXPECT_EQ(read.sources[0].peak_dbfs, 0);
}

TEST(TaskJson, ReadsWhatAnotherVersionWrote) {
    const SeparationRequest read =
        parse_separation_request(R"({"model_type":"dsp","from_the_future":[1,2]})");
    EXPECT_EQ(read.model_type, "dsp");
    EXPECT_EQ(read.pcm_type, "PCM_24");
}

TEST(TaskJson, RefusesDamagedText) {
    EXPECT_THROW(parse_separation_request("{\"model_type\":"), Error);
    EXPECT_THROW(parse_input_facts("[]"), Error);
    EXPECT_THROW(parse_task_result(R"({"sources":7})"), Error);
    EXPECT_THROW(parse_task_result(R"({"sources":[7]})"), Error);
    EXPECT_THROW(parse_task_error(R"({"code":7})"), Error);
}

}  // namespace
}  // namespace msst::tasks
