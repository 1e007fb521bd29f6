// POST /api/v1/separate
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "http/routes/service.h"

namespace msst::http::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> wrong_fields(const Reply& reply) {
    std::vector<std::string> fields;
    const auto problem = reply.json();
    for (const auto& error : problem.at("errors")) fields.push_back(error.at("field"));
    return fields;
}

Part field(const std::string& name, const std::string& value) {
    return {.name = name, .value = value, .file_name = {}};
}

tasks::SeparationRequest stored_request(Service& service, const Reply& reply) {
    return service.store->find(reply.json().at("task_id")).value().request;
}

TEST(Separate, AnswersWithAPendingTaskThatHasTheDefaults) {
    Service service;
    const Reply reply = service.submit({file_part("bytes", "My Song.MP3")});
    ASSERT_EQ(reply.status, 201) << reply.body;

    const auto json = reply.json();
    const std::string id = json.at("task_id");
    EXPECT_EQ(reply.header("Location"), "/api/v1/tasks/" + id);
    EXPECT_EQ(json.at("status"), "pending");
    EXPECT_EQ(json.at("queue_position"), 0);
    EXPECT_EQ(json.at("created_at"), to_iso8601(service.clock.now()));
    EXPECT_EQ(json.at("results_url"), "/api/v1/tasks/" + id + "/results");
    EXPECT_EQ(service.wake_ups, 1);

    const tasks::Task task = service.store->find(id).value();
    EXPECT_EQ(task.request.model_type, "dsp");
    EXPECT_EQ(task.request.instruments, catalog::embedded_model().instruments);
    EXPECT_EQ(task.request.output_format, "wav");
    EXPECT_EQ(task.request.pcm_type, "PCM_24");
    EXPECT_FALSE(task.request.use_tta || task.request.extract_instrumental);
    EXPECT_EQ(task.input.filename, "My Song.MP3");
    EXPECT_EQ(task.input.size_bytes, 5);
    EXPECT_EQ(task.input.duration_seconds, 60);
    EXPECT_EQ(read_file(service.blobs->local_path(task.input_key)), "bytes");
}

TEST(Separate, NamesAFileThatCameUnderAnotherName) {
    Service service;
    Part song = file_part(std::string(200'000, 'x'));
    song.name = "audio_file";
    const Reply reply = service.submit({song});

    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(wrong_fields(reply), ElementsAre("audio_file", "file"));
    EXPECT_THAT(reply.body, HasSubstr("is not a known field"));
}

TEST(Separate, TakesThePartsInAnyOrderAndInAnyPieces) {
    Service service;
    Ask ask = Service::submission({field("pcm_type", "PCM_16"), file_part(), field("model_type", "two_stems"),
                                   field("use_tta", "yes"), field("extract_instrumental", "ON")});
    ask.piece_bytes = 1;
    const Reply reply = service.ask(ask);
    ASSERT_EQ(reply.status, 201) << reply.body;

    const auto request = stored_request(service, reply);
    EXPECT_EQ(request.model_type, "two_stems");
    EXPECT_EQ(request.pcm_type, "PCM_16");
    EXPECT_TRUE(request.use_tta && request.extract_instrumental);
}

TEST(Separate, StoresALargeFileByteForByte) {
    Service service;
    std::string bytes(3'000'001, '\0');
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    const Reply reply = service.submit({file_part(bytes)});
    ASSERT_EQ(reply.status, 201) << reply.body;

    const tasks::Task task = service.store->find(reply.json().at("task_id")).value();
    EXPECT_EQ(task.input.size_bytes, 3'000'001);
    EXPECT_TRUE(read_file(service.blobs->local_path(task.input_key)) == bytes);
}

TEST(Separate, TakesInstrumentsAsRepeatedFieldListOrJsonInTheModelsOrder) {
    Service service;
    const std::vector<std::vector<Part>> ways = {
        {field("instruments", "drums"), field("instruments", "vocals")},
        {field("instruments", "drums, vocals")},
        {field("instruments", R"(["drums", "vocals", "drums"])")},
    };
    for (std::vector<Part> parts : ways) {
        parts.push_back(file_part());
        const Reply reply = service.submit(parts);
        ASSERT_EQ(reply.status, 201) << reply.body;
        EXPECT_THAT(stored_request(service, reply).instruments, ElementsAre("vocals", "drums"));
    }
}

TEST(Separate, ReportsAllInvalidFieldsAtOnceAndKeepsNothing) {
    Service service;
    const Reply reply = service.submit(
        {field("pcm_type", "PCM_8"), file_part(), field("use_tta", "perhaps"), field("colour", "red"),
         field("output_format", ""), field("extract_instrumental", "1"), field("extract_instrumental", "1")});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "invalid_parameters");
    EXPECT_THAT(wrong_fields(reply),
                ::testing::UnorderedElementsAre("pcm_type", "use_tta", "colour", "output_format",
                                                "extract_instrumental"));
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Separate, NamesTheAllowedValues) {
    Service service;
    const Reply reply = service.submit({file_part(), field("pcm_type", "PCM_8")});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("errors").at(0).at("allowed"), nlohmann::json({"PCM_16", "PCM_24", "FLOAT"}));
    EXPECT_EQ(reply.json().at("message"), "pcm_type must be one of PCM_16, PCM_24, FLOAT");
}

TEST(Separate, AnUnknownModelIsRefusedWithTheValidOnes) {
    Service service;
    const Reply reply = service.submit({file_part(), field("model_type", "spleeter")});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "unsupported_model_type");
    EXPECT_EQ(reply.json().at("errors").at(0).at("allowed"), nlohmann::json({"dsp", "two_stems"}));
}

TEST(Separate, AModelThatThisBuildCannotRunIsRefusedWithTheReason) {
    Service service;
    const Reply reply = service.submit({file_part(), field("model_type", "hyper")});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "unsupported_model_type");
    EXPECT_EQ(reply.json().at("message"),
              "model_type 'hyper' cannot be run: this roformer is of the variant HyperACE; valid are: dsp, "
              "two_stems");
}

TEST(Separate, InstrumentsOfAnotherModelAreRefusedWithTheValidOnes) {
    Service service;
    const Reply reply =
        service.submit({file_part(), field("instruments", "drums"), field("model_type", "two_stems")});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "invalid_instruments");
    EXPECT_EQ(reply.json().at("errors").at(0).at("allowed"), nlohmann::json({"vocals", "other"}));
}

TEST(Separate, MalformedInstrumentsAreRefused) {
    Service service;
    for (const char* value : {"[1]", "[\"vocals\"", "vocals,,drums", ",", "[]", "{}", "[[\"vocals\"]]"}) {
        const Reply reply = service.submit({file_part(), field("instruments", value)});
        EXPECT_EQ(reply.status, 400) << value;
        EXPECT_EQ(reply.json().at("code"), "invalid_instruments") << value;
    }
}

TEST(Separate, InstrumentsBeforeTheirModelAreJudgedByThatModel) {
    Service service;
    const Reply reply =
        service.submit({field("instruments", "other"), file_part(), field("model_type", "two_stems")});
    ASSERT_EQ(reply.status, 201) << reply.body;
    EXPECT_THAT(stored_request(service, reply).instruments, ElementsAre("other"));
}

TEST(Separate, FloatAsFlacIsRefusedAtSubmission) {
    Service service;
    const Reply reply =
        service.submit({file_part(), field("output_format", "flac"), field("pcm_type", "FLOAT")});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "unsupported_output");
}

TEST(Separate, AMissingEmptyOrRepeatedFileIsNamed) {
    Service service;
    const std::vector<std::vector<Part>> requests = {
        {field("use_tta", "1")}, {file_part("")}, {file_part(), file_part()}};
    for (const auto& parts : requests) {
        const Reply reply = service.submit(parts);
        EXPECT_EQ(reply.status, 400);
        EXPECT_THAT(wrong_fields(reply), ElementsAre("file")) << reply.body;
    }
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Separate, WhatIsNotMultipartIsRefused) {
    Service service;
    Ask ask = Service::submission({file_part()});
    ask.headers = {{"Content-Type", "application/json"}};
    EXPECT_EQ(service.ask(ask).status, 400);
    ask.headers = {};
    EXPECT_EQ(service.ask(ask).status, 400);
}

TEST(Separate, ABodyThatBreaksOffLeavesNothing) {
    Service service;
    Ask ask = Service::submission({file_part(std::string(2'000'000, 'x'))});
    ask.body.resize(1'500'000);
    EXPECT_EQ(service.ask(ask).status, 400);
    EXPECT_THAT(service.stored_files(), IsEmpty());
    EXPECT_EQ(service.store->statistics().pending, 0);
}

TEST(Separate, AFileOverTheLimitIsRefusedWhileItStreams) {
    Settings settings;
    settings.max_file_bytes = 1000;
    Service service(settings);
    EXPECT_EQ(service.submit({file_part(std::string(1000, 'x'))}).status, 201);
    const Reply reply = service.submit({file_part(std::string(1001, 'x'))});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "file_too_large");
    EXPECT_THAT(service.stored_files(), SizeIs(1));
}

TEST(Separate, WhatTheProberRefusesIsToldAndErased) {
    Service service;
    service.before_audio_check = [] {
        throw Error(ErrorCode::invalid_input, "the file has no audio stream", "invalid_audio");
    };
    const Reply reply = service.submit({file_part()});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "invalid_audio");
    EXPECT_EQ(reply.json().at("message"), "the file has no audio stream");
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Separate, AudioOverTheLimitIsRefused) {
    Settings settings;
    settings.max_audio_seconds = 59;
    Service service(settings);
    const Reply reply = service.submit({file_part()});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("code"), "invalid_audio");
}

TEST(Separate, AModelWithDamagedFilesIsAServerErrorWithoutItsPaths) {
    Service service;
    const Reply reply = service.submit({file_part(), field("model_type", "damaged")});
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.json().at("code"), "model_unavailable");
    EXPECT_THAT(reply.body, Not(HasSubstr("secret")));
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Separate, AModelThatNoDeviceHasTheMemoryForIsRefusedWithBothNumbers) {
    Service service;
    service.install_large_model(1'001);
    const std::vector<Part> parts = {{.name = "model_type", .value = "large", .file_name = {}}, file_part()};
    EXPECT_EQ(service.submit(parts).status, 201) << "nobody knows the devices yet";
    service.workers.largest_device_bytes = 1'001;
    const std::string id = service.submit(parts).json().at("task_id");
    EXPECT_EQ(service.store->find(id)->device_bytes, 1'001);

    service.workers.largest_device_bytes = 1'000;
    const Reply refused = service.submit(parts);
    EXPECT_EQ(refused.status, 500);
    EXPECT_EQ(refused.json().at("code"), "model_unavailable");
    EXPECT_THAT(refused.json().at("message").get<std::string>(), AllOf(HasSubstr("1001"), HasSubstr("1000")));
}

TEST(Separate, AFullQueueIsToldBeforeTheBodyIsRead) {
    Settings settings;
    settings.max_queued_tasks = 1;
    Service service(settings);
    service.add_task();
    service.clock.advance(Milliseconds(1000));
    bool is_read = false;
    Ask ask = Service::submission({file_part()});
    ask.during = [&] { is_read = true; };
    const Reply reply = service.ask(ask);
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.json().at("code"), "overloaded");
    EXPECT_FALSE(reply.header("Retry-After").empty());
    EXPECT_FALSE(is_read);
}

TEST(Separate, AQueueThatFillsDuringTheUploadStillTakesNoMore) {
    Settings settings;
    settings.max_queued_tasks = 1;
    Service service(settings);
    Ask ask = Service::submission({file_part()});
    ask.during = [&] { service.add_task(); };
    EXPECT_EQ(service.ask(ask).status, 503);
    EXPECT_EQ(service.store->statistics().pending, 1);
    EXPECT_THAT(service.stored_files(), SizeIs(1));
}

TEST(Separate, ADiskBelowItsReserveIsToldBeforeTheBodyIsRead) {
    Settings settings;
    settings.reserve_free_disk = int64_t{1} << 60;
    Service service(settings);
    bool is_read = false;
    Ask ask = Service::submission({file_part()});
    ask.during = [&] { is_read = true; };
    const Reply reply = service.ask(ask);
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.json().at("code"), "storage_full");
    EXPECT_FALSE(is_read);
}

// Idempotency-Key

Ask with_key(const std::string& key, const std::vector<Part>& parts = {file_part()}) {
    Ask ask = Service::submission(parts);
    ask.headers.emplace_back("Idempotency-Key", key);
    return ask;
}

TEST(Separate, TheSameKeyAndRequestGiveTheFirstAnswerAgain) {
    Service service;
    const Reply first = service.ask(with_key("k", {field("use_tta", "1"), file_part()}));
    const Reply again = service.ask(with_key("k", {file_part(), field("use_tta", "1")}));
    EXPECT_EQ(first.header("Idempotency-Replayed"), "");
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("Location"), first.header("Location"));
    EXPECT_EQ(service.store->statistics().pending, 1);
    EXPECT_THAT(service.stored_files(), SizeIs(1));
}

TEST(Separate, TheSameKeyWithAnotherBodyIsRefused) {
    Service service;
    service.ask(with_key("k"));
    for (const auto& parts : std::vector<std::vector<Part>>{{file_part("other bytes")},
                                                            {file_part(), field("use_tta", "1")},
                                                            {file_part("RIFF of a song", "other.wav")}}) {
        const Reply reply = service.ask(with_key("k", parts));
        EXPECT_EQ(reply.status, 422) << reply.body;
        EXPECT_EQ(reply.json().at("code"), "idempotency_key_reused");
    }
    EXPECT_EQ(service.store->statistics().pending, 1);
    EXPECT_THAT(service.stored_files(), SizeIs(1));
}

TEST(Separate, AKeyWhoseFirstRequestIsUnderWayIsAConflict) {
    Service service;
    int status = 0;
    Ask ask = with_key("k");
    ask.during = [&] { status = service.ask(with_key("k")).status; };
    EXPECT_EQ(service.ask(ask).status, 201);
    EXPECT_EQ(status, 409);
    EXPECT_EQ(service.ask(with_key("k")).status, 201);
}

TEST(Separate, AKeyOfARefusedRequestIsFreeAgain) {
    Service service;
    EXPECT_EQ(service.ask(with_key("k", {file_part("")})).status, 400);
    EXPECT_EQ(service.ask(with_key("k")).header("Idempotency-Replayed"), "");
}

TEST(Separate, KeysAreScopedToTheirOwner) {
    Service service;
    Ask ann = with_key("k"), bob = with_key("k");
    ann.owner = "ann";
    bob.owner = "bob";
    EXPECT_NE(service.ask(ann).json().at("task_id"), service.ask(bob).json().at("task_id"));
}

TEST(Separate, AKeyOfTheWrongLengthIsRefused) {
    Service service;
    EXPECT_EQ(service.ask(with_key(std::string(255, 'k'))).status, 201);
    EXPECT_EQ(service.ask(with_key(std::string(256, 'k'))).status, 400);
    EXPECT_EQ(service.ask(with_key("")).status, 400);
}

}  // namespace
}  // namespace msst::http::testing
