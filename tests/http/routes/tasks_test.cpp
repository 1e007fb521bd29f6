// What a client may see of tasks, and do to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/routes/service.h"

namespace msst::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr char kUnknownId[] = "01890a5d-ac96-774b-bcce-b302099a8057";

std::string task_path(const std::string& id) {
    return "/api/v1/tasks/" + id;
}

Reply post(Service& service, const std::string& target) {
    return service.ask(
        {.method = "POST", .target = target, .headers = {}, .body = {}, .owner = {}, .during = {}});
}

Reply erase(Service& service, const std::string& id) {
    return service.ask(
        {.method = "DELETE", .target = task_path(id), .headers = {}, .body = {}, .owner = {}, .during = {}});
}

// Status

TEST(Task, APendingOneTellsItsPlaceInTheQueue) {
    Service service;
    service.add_task();
    const Reply reply = service.get(task_path(service.add_task()));
    EXPECT_EQ(reply.status, 200);
    const auto json = reply.json();
    EXPECT_EQ(json.at("status"), "pending");
    EXPECT_EQ(json.at("queue_position"), 1);
    EXPECT_EQ(json.at("progress"), 0);
    EXPECT_EQ(json.at("stage"), "queued");
    EXPECT_TRUE(json.at("estimated_seconds_remaining").is_null());
    EXPECT_TRUE(json.at("started_at").is_null());
    EXPECT_TRUE(json.at("expires_at").is_null());
    EXPECT_THAT(reply.header("Retry-After"), MatchesRegex("[1-5]"));
}

TEST(Task, ARunningOneTellsTheRemainingTimeFromItsProgress) {
    Service service;
    const std::string id = service.add_task();
    const auto lease = service.claim();
    service.store->report_progress(lease, 25, tasks::Stage::separating);
    service.clock.advance(Milliseconds(10'000));
    const auto json = service.get(task_path(id)).json();
    EXPECT_EQ(json.at("status"), "processing");
    EXPECT_EQ(json.at("progress"), 25);
    EXPECT_EQ(json.at("stage"), "separating");
    EXPECT_EQ(json.at("estimated_seconds_remaining"), 30);
    EXPECT_EQ(json.at("estimated_completion"), to_iso8601(service.clock.now() + Milliseconds(30'000)));
    EXPECT_EQ(json.at("attempts"), 1);
    EXPECT_TRUE(json.at("queue_position").is_null());
}

TEST(Task, ARunningOneWithoutProgressIsEstimatedByWhatTheModelNeededBefore) {
    Service service;
    service.get(task_path(service.completed_task({{"vocals", "v"}})));  // 3 s for 60 s of audio
    const std::string id = service.add_task();
    service.claim();
    EXPECT_EQ(service.get(task_path(id)).json().at("estimated_seconds_remaining"), 3);
}

TEST(Task, ACompletedOneTellsWhenItsFilesExpire) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "v"}});
    const Reply reply = service.get(task_path(id));
    const auto json = reply.json();
    EXPECT_EQ(json.at("status"), "completed");
    EXPECT_EQ(json.at("progress"), 100);
    EXPECT_EQ(json.at("stage"), "done");
    EXPECT_EQ(json.at("processing_seconds"), 3);
    EXPECT_EQ(json.at("expires_at"), to_iso8601(service.clock.now() + std::chrono::hours(24)));
    EXPECT_EQ(reply.header("Retry-After"), "");
}

TEST(Task, AFailedOneTellsWhy) {
    Service service;
    const std::string id = service.add_task();
    service.store->fail(service.claim(), {.code = "invalid_audio", .message = "no sound"});
    EXPECT_EQ(service.get(task_path(id)).json().at("error"),
              nlohmann::json({{"code", "invalid_audio"}, {"message", "no sound"}}));
}

TEST(Task, ItsTagChangesWithTheTaskButNotWithTheClock) {
    Service service;
    const std::string id = service.add_task();
    const auto lease = service.claim();
    const std::string tag = service.get(task_path(id)).header("ETag");
    EXPECT_THAT(tag, MatchesRegex("W/\"[0-9a-f]+\""));

    service.clock.advance(Milliseconds(5'000));
    const Ask again{
        .target = task_path(id), .headers = {{"If-None-Match", tag}}, .body = {}, .owner = {}, .during = {}};
    const Reply unchanged = service.ask(again);
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.body, "");
    EXPECT_EQ(unchanged.header("ETag"), tag);
    service.store->report_progress(lease, 10, tasks::Stage::separating);
    EXPECT_EQ(service.ask(again).status, 200);
}

TEST(Task, AnUnknownAForeignAndAnImpossibleIdLookTheSame) {
    Service service;
    const std::string id = service.add_task("ann");
    EXPECT_EQ(service.get(task_path(id), "ann").status, 200);
    const Reply foreign = service.get(task_path(id), "bob");
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(foreign.body, service.get(task_path(kUnknownId), "bob").body);
    EXPECT_EQ(foreign.body, service.get(task_path("..%2e"), "bob").body);
}

TEST(Task, EveryRouteOfATaskHidesItFromOtherKeys) {
    Service service;
    const std::string id = service.add_task("ann");
    for (const char* below : {"", "/results", "/archive", "/events"})
        EXPECT_EQ(service.get(task_path(id) + below, "bob").status, 404) << below;
    EXPECT_EQ(service.get("/api/v1/download/" + id + "/vocals.wav", "bob").status, 404);
    for (const auto& [method, target] :
         {std::pair("POST", task_path(id) + "/cancel"), {"DELETE", task_path(id)}})
        EXPECT_EQ(service
                      .ask({.method = method,
                            .target = target,
                            .headers = {},
                            .body = {},
                            .owner = "bob",
                            .during = {}})
                      .status,
                  404);
    EXPECT_EQ(service.store->find(id)->status, tasks::TaskStatus::pending);
}

// List

TEST(Tasks, AreListedNewestFirstPageByPage) {
    Service service;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(service.add_task());
    std::vector<std::string> seen;
    std::string cursor;
    for (int page = 0; page < 3; ++page) {
        const auto json =
            service.get("/api/v1/tasks?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
        for (const auto& task : json.at("tasks")) seen.push_back(task.at("task_id"));
        const bool is_last = page == 2;
        ASSERT_EQ(json.at("next_cursor").is_null(), is_last);
        if (!is_last) cursor = json.at("next_cursor");
    }
    std::ranges::reverse(ids);
    EXPECT_EQ(seen, ids);
}

TEST(Tasks, AreFilteredByStatusModelAndOwner) {
    Service service;
    const std::string done = service.completed_task({{"vocals", "v"}});
    const std::string waiting = service.add_task("ann");
    const auto ids = [&](const std::string& query, const std::string& owner = "") {
        std::vector<std::string> found;
        const auto page = service.get("/api/v1/tasks" + query, owner).json();
        for (const auto& task : page.at("tasks")) found.push_back(task.at("task_id"));
        return found;
    };
    EXPECT_EQ(ids(""), (std::vector{waiting, done}));
    EXPECT_EQ(ids("?status=completed"), std::vector{done});
    EXPECT_EQ(ids("?status=completed&status=pending"), (std::vector{waiting, done}));
    EXPECT_EQ(ids("?status=failed"), std::vector<std::string>{});
    EXPECT_EQ(ids("?model_type=two_stems"), std::vector<std::string>{});
    EXPECT_EQ(ids("", "ann"), std::vector{waiting});
}

TEST(Tasks, WrongParametersAreReportedTogether) {
    Service service;
    const Reply reply = service.get("/api/v1/tasks?status=lost&limit=0&cursor=x");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json().at("errors").size(), 3u);
    for (const char* limit : {"101", "-1", "", "2x", "99999999999"})
        EXPECT_EQ(service.get(std::string("/api/v1/tasks?limit=") + limit).status, 400) << limit;
}

// Cancel

TEST(Cancel, AQueuedTaskIsCancelledAtOnce) {
    Service service;
    const std::string id = service.add_task();
    const Reply reply = post(service, task_path(id) + "/cancel");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.json().at("status"), "cancelled");
}

TEST(Cancel, ARunningTaskIsToldToStop) {
    Service service;
    const std::string id = service.add_task();
    const auto lease = service.claim();
    EXPECT_EQ(post(service, task_path(id) + "/cancel").status, 202);
    EXPECT_TRUE(service.store->renew(lease, Milliseconds(1000))->cancel_requested);
}

TEST(Cancel, AFinishedTaskCannotBeCancelled) {
    Service service;
    const Reply reply = post(service, task_path(service.completed_task({{"vocals", "v"}})) + "/cancel");
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.json().at("code"), "task_finished");
}

// Delete

TEST(Delete, ErasesAFinishedTaskWithItsFiles) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "v"}});
    EXPECT_EQ(erase(service, id).status, 204);
    EXPECT_EQ(service.get(task_path(id)).status, 404);
    EXPECT_EQ(erase(service, id).status, 404);
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Delete, CancelsAndErasesAQueuedTask) {
    Service service;
    const std::string id = service.add_task();
    EXPECT_EQ(erase(service, id).status, 204);
    EXPECT_FALSE(service.store->find(id));
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Delete, ATaskWhoseWorkerDoesNotStopIsUnknownAtOnceAndErasedLater) {
    Settings settings;
    settings.delete_patience = Milliseconds(0);
    Service service(settings);
    const std::string id = service.add_task();
    const auto lease = service.claim();
    EXPECT_EQ(erase(service, id).status, 204);
    EXPECT_EQ(service.get(task_path(id)).status, 404);
    EXPECT_EQ(service.get("/api/v1/tasks").json().at("tasks").size(), 0u);

    service.routes->sweep_deleted();
    EXPECT_TRUE(service.store->find(id));
    ASSERT_TRUE(service.store->mark_cancelled(lease));
    service.routes->sweep_deleted();
    EXPECT_FALSE(service.store->find(id));
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Delete, OfATaskWhoseWorkerHangsIsRememberedByTheNextServer) {
    Settings settings;
    settings.delete_patience = Milliseconds(0);
    Service service(settings);
    const std::string id = service.add_task();
    const auto lease = service.claim();
    EXPECT_EQ(erase(service, id).status, 204);
    service.restart();

    EXPECT_EQ(service.get(task_path(id)).status, 404);
    EXPECT_EQ(service.get("/api/v1/tasks").json().at("tasks").size(), 0u);
    ASSERT_TRUE(service.store->mark_cancelled(lease));
    service.routes->sweep_deleted();
    EXPECT_FALSE(service.store->find(id));
    EXPECT_THAT(service.stored_files(), IsEmpty());
}

TEST(Delete, FreesTheIdempotencyKeyOfTheTask) {
    Settings settings;
    settings.delete_patience = Milliseconds(0);
    Service service(settings);
    Ask request = Service::submission({file_part()});
    request.headers.emplace_back("Idempotency-Key", "k");
    const std::string id = service.ask(request).json().at("task_id");
    service.claim();
    EXPECT_EQ(erase(service, id).status, 204);

    const Reply again = service.ask(request);
    EXPECT_EQ(again.status, 201);
    EXPECT_NE(again.json().at("task_id"), id);
}

// Events

TEST(Events, OfAFinishedTaskAreItsStatusAndTheEnd) {
    Service service;
    const std::string id = service.completed_task({{"vocals", "v"}});
    const Reply reply = service.get(task_path(id) + "/events");
    EXPECT_EQ(reply.header("Content-Type"), "text/event-stream");
    EXPECT_THAT(reply.body, MatchesRegex("event: status\ndata: [^\n]+\n\nevent: done\ndata: [^\n]+\n\n"));
}

// The stream of a task; `on_write` is told every piece as it is sent.
std::string follow(Service& service, const std::string& id,
                   std::function<void(const std::string&)> on_write) {
    Ask ask = {.target = task_path(id) + "/events", .headers = {}, .body = {}, .owner = {}, .during = {}};
    ask.on_write = std::move(on_write);
    return service.ask(ask).body;
}

TEST(Events, FollowATaskFromTheQueueToItsEnd) {
    Service service;
    const std::string id = service.add_task();
    std::optional<tasks::Lease> lease;
    const std::string text = follow(service, id, [&](const std::string& news) {
        if (news.find(R"("status":"pending")") != std::string::npos) {
            lease = service.claim();
        } else if (news.find(R"("status":"processing")") != std::string::npos) {
            service.store->report_progress(*lease, 50, tasks::Stage::separating);
        } else if (news.find("event: progress") != std::string::npos) {
            service.complete(*lease, {{"vocals", "v"}});
        }
    });
    EXPECT_THAT(text, MatchesRegex("event: status\ndata: [^\n]*\"pending\"[^\n]*\n\n"
                                   "event: status\ndata: [^\n]*\"processing\"[^\n]*\n\n"
                                   "event: progress\ndata: .\"progress\":50[^\n]*\n\n"
                                   "event: status\ndata: [^\n]*\"completed\"[^\n]*\n\n"
                                   "event: done\ndata: [^\n]*\"completed\"[^\n]*\n\n"));
}

TEST(Events, SendAHeartbeatWhileNothingHappens) {
    Service service;
    const std::string id = service.add_task();
    const std::string text = follow(service, id, [&](const std::string& news) {
        if (news == ": heartbeat\n\n")
            service.store->cancel(id);
        else
            service.clock.advance(Milliseconds(15'000));
    });
    EXPECT_THAT(text, HasSubstr("\n\n: heartbeat\n\n"));
}

TEST(Events, EndWhenTheTaskIsDeleted) {
    Service service;
    const std::string id = service.add_task();
    const std::string text = follow(service, id, [&](const std::string&) { erase(service, id); });
    EXPECT_THAT(text, MatchesRegex("event: status\ndata: [^\n]+\n\n"));
    EXPECT_FALSE(service.store->find(id));
}

TEST(Events, AreRefusedOverTheLimit) {
    Settings settings;
    settings.max_event_streams = 0;
    Service service(settings);
    const Reply reply = service.get(task_path(service.add_task()) + "/events");
    EXPECT_EQ(reply.status, 503);
    EXPECT_FALSE(reply.header("Retry-After").empty());
}

}  // namespace
}  // namespace msst::http::testing
