// What a completed task has made: the list, single files, the archive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "http/routes/service.h"

namespace msst::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string results_path(const std::string& id) {
    return "/api/v1/tasks/" + id + "/results";
}

Reply get_with(Service& service, const std::string& target, const std::string& header,
               const std::string& value) {
    return service.ask(
        {.target = target, .headers = {{header, value}}, .body = {}, .owner = {}, .during = {}});
}

TEST(Results, ListEverySourceWithItsUrl) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "some vocals"}, {"drums", "boom"}});
    const Reply reply = service.get(results_path(id));
    ASSERT_EQ(reply.status, 200) << reply.body;
    const auto json = reply.json();
    EXPECT_EQ(json.at("results").at("drums"), "/api/v1/download/" + id + "/drums.wav");
    EXPECT_EQ(json.at("sources").size(), 2u);
    EXPECT_EQ(json.at("sources").at(0).at("name"), "vocals");
    EXPECT_EQ(json.at("sources").at(0).at("size_bytes"), 11);
    EXPECT_EQ(json.at("sources").at(0).at("peak_dbfs"), -1.23);
    for (const auto& [name, url] : json.at("results").items())
        EXPECT_EQ(service.get(url).status, 200) << name;
}

TEST(Results, OfAnUnfinishedTaskAreAConflict) {
    Service service;
    const std::string id = service.add_task();
    for (int step = 0; step < 2; ++step) {
        const Reply reply = service.get(results_path(id));
        EXPECT_EQ(reply.status, 409);
        EXPECT_EQ(reply.json().at("code"), "task_not_completed");
        EXPECT_FALSE(reply.header("Retry-After").empty());
        if (step == 0) service.claim();
    }
}

TEST(Results, OfAFailedTaskAreGoneWithTheReason) {
    Service service;
    const std::string id = service.add_task();
    service.store->fail(service.claim(), {.code = "invalid_audio", .message = "no sound at all"});
    for (const std::string& target :
         {results_path(id), "/api/v1/tasks/" + id + "/archive", "/api/v1/download/" + id + "/vocals.wav"}) {
        const Reply reply = service.get(target);
        EXPECT_EQ(reply.status, 410) << target;
        EXPECT_EQ(reply.json().at("code"), "task_failed");
        EXPECT_THAT(reply.json().at("message").get<std::string>(), HasSubstr("no sound at all"));
    }
}

TEST(Results, OfACancelledTaskAreGone) {
    Service service;
    const std::string id = service.add_task();
    service.store->cancel(id);
    const Reply reply = service.get(results_path(id));
    EXPECT_EQ(reply.status, 410);
    EXPECT_EQ(reply.json().at("code"), "task_cancelled");
}

TEST(Results, AfterRetentionAreGone) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "v"}});
    service.blobs->erase_results(id);
    EXPECT_EQ(service.get("/api/v1/download/" + id + "/vocals.wav").json().at("code"), "results_expired");
    service.store->mark_files_deleted(id);
    for (const std::string& target :
         {results_path(id), "/api/v1/tasks/" + id + "/archive", "/api/v1/download/" + id + "/vocals.wav"}) {
        const Reply reply = service.get(target);
        EXPECT_EQ(reply.status, 410) << target;
        EXPECT_EQ(reply.json().at("code"), "results_expired");
    }
}

TEST(Download, SendsTheFileWithAllItsHeaders) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "some vocals"}});
    const Reply reply = service.get("/api/v1/download/" + id + "/vocals.wav");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "some vocals");
    EXPECT_EQ(reply.header("Content-Type"), "audio/wav");
    EXPECT_EQ(reply.header("Accept-Ranges"), "bytes");
    EXPECT_THAT(reply.header("ETag"), StartsWith("\""));
    EXPECT_THAT(reply.header("Content-Disposition"),
                StartsWith("attachment; filename=\"song (vocals).wav\""));
    EXPECT_FALSE(reply.header("Last-Modified").empty());
}

TEST(Download, SendsRangesAndKnowsWhatTheClientHas) {
    Service service;
    const std::string target =
        "/api/v1/download/" + service.completed_task({{"vocals", "0123456789"}}) + "/vocals.wav";
    const Reply part = get_with(service, target, "Range", "bytes=2-4");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(part.header("Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(get_with(service, target, "Range", "bytes=10-").status, 416);
    EXPECT_EQ(get_with(service, target, "If-None-Match", part.header("ETag")).status, 304);
    EXPECT_EQ(get_with(service, target, "If-Match", "\"other\"").status, 412);
}

TEST(Download, KnowsOnlyTheNamesInTheResult) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "v"}});
    for (const char* name : {"drums.wav", "vocals", "..%2f..%2fmsst.db", "%2e%2e", "vocals.wav%00"})
        EXPECT_THAT(service.get("/api/v1/download/" + id + "/" + name).status, ::testing::AnyOf(404, 400))
            << name;
    EXPECT_EQ(service.get("/api/v1/download/" + service.add_task() + "/vocals.wav").status, 404);
}

// A little reader of stored archives: name to bytes, by way of the central directory.
std::map<std::string, std::string> unzip(const std::string& zip) {
    const auto number = [&](size_t at, int bytes) {
        uint64_t value = 0;
        for (int i = 0; i < bytes; ++i)
            value |= uint64_t{static_cast<unsigned char>(zip.at(at + i))} << (8 * i);
        return value;
    };
    std::map<std::string, std::string> files;
    const size_t end = zip.size() - 22;
    EXPECT_EQ(number(end, 4), 0x06054b50u);
    size_t at = number(end + 16, 4);
    for (uint64_t i = 0; i < number(end + 10, 2); ++i) {
        EXPECT_EQ(number(at, 4), 0x02014b50u);
        const size_t name_bytes = number(at + 28, 2), size = number(at + 24, 4), local = number(at + 42, 4);
        const std::string name = zip.substr(at + 46, name_bytes);
        EXPECT_EQ(number(local, 4), 0x04034b50u);
        const size_t data = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        files[name] = zip.substr(data, size);
        const uLong crc =
            crc32(0, reinterpret_cast<const Bytef*>(zip.data() + data), static_cast<uInt>(size));
        EXPECT_EQ(crc, number(at + 16, 4));
        EXPECT_EQ(crc, number(local + 14, 4));
        at += 46 + name_bytes + number(at + 30, 2);
    }
    return files;
}

TEST(Archive, HoldsEverySource) {
    Service service;
    const std::string id =
        service.completed_task({{"vocals", "some vocals"}, {"drums", ""}, {"bass", "bass"}});
    const Reply reply = service.get("/api/v1/tasks/" + id + "/archive");
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.header("Content-Type"), "application/zip");
    EXPECT_THAT(reply.header("Content-Disposition"), StartsWith("attachment; filename=\"song (stems).zip\""));
    EXPECT_EQ(unzip(reply.body),
              (std::map<std::string, std::string>{
                  {"vocals.wav", "some vocals"}, {"drums.wav", ""}, {"bass.wav", "bass"}}));
}

TEST(Archive, CanBeFetchedPieceByPiece) {
    Service service;
    const std::string target =
        "/api/v1/tasks/" + service.completed_task({{"vocals", "abc"}, {"drums", "def"}}) + "/archive";
    const Reply whole = service.get(target);
    std::string pieces;
    for (size_t first = 0; first < whole.body.size(); first += 7) {
        const Reply part = get_with(service, target, "Range",
                                    "bytes=" + std::to_string(first) + "-" + std::to_string(first + 6));
        ASSERT_EQ(part.status, 206);
        EXPECT_EQ(part.header("ETag"), whole.header("ETag"));
        pieces += part.body;
    }
    EXPECT_TRUE(pieces == whole.body);
}

TEST(Archive, OfAnUnfinishedTaskIsAConflict) {
    Service service;
    EXPECT_EQ(service.get("/api/v1/tasks/" + service.add_task() + "/archive").status, 409);
}

}  // namespace
}  // namespace msst::http::testing
