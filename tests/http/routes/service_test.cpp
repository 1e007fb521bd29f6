// Models, health, statistics and documents.
#include "http/routes/service.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace msst::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Documents, EveryOperationOfTheApiDocumentHasItsRouteAndEveryRouteItsOperation) {
    Service service;
    const auto document = service.get("/openapi.json").json();
    std::set<std::string> documented, routed;
    for (const auto& [path, methods] : document.at("paths").items())
        for (const auto& [method, operation] : methods.items())
            // HEAD comes with GET.
            if (method != "parameters" && method != "head")
                documented.insert(method + " " + path + " " + operation.at("operationId").get<std::string>());
    for (const Route& route : service.router->routes()) {
        std::string method(beast_http::to_string(route.method));
        std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
        routed.insert(method + " " + route.pattern + " " + route.operation_id);
    }
    EXPECT_EQ(documented, routed);
}

TEST(Documents, SwaggerUiComesFromTheProgramItself) {
    Service service;
    const Reply page = service.get("/docs");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_THAT(page.body, Not(HasSubstr("://")));
    EXPECT_THAT(page.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
    for (const char* file : {"swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"}) {
        EXPECT_THAT(page.body, HasSubstr(file));
        const Reply reply = service.get(std::string("/docs/") + file);
        EXPECT_EQ(reply.status, 200) << file;
        EXPECT_GT(reply.body.size(), 100u) << file;
    }
    EXPECT_EQ(service.get("/docs/index.html").status, 404);
    EXPECT_EQ(service.get("/").status, 200);
}

TEST(Documents, AreNotSentTwiceToWhoHasThem) {
    Service service;
    const std::string tag = service.get("/openapi.json").header("ETag");
    const Reply reply = service.ask({.target = "/openapi.json",
                                     .headers = {{"If-None-Match", tag}},
                                     .body = {},
                                     .owner = {},
                                     .during = {}});
    EXPECT_EQ(reply.status, 304);
}

TEST(Models, ListWhatCanBeUsed) {
    Service service;
    const auto json = service.get("/api/v1/models").json();
    EXPECT_EQ(json.at("default_model_type"), "dsp");
    ASSERT_EQ(json.at("models").size(), 2u);
    EXPECT_EQ(json.at("models").at(0).at("model_type"), "dsp");
    EXPECT_EQ(json.at("models").at(0).at("default"), true);
    EXPECT_EQ(json.at("models").at(0).at("config_path"), "embedded:dsp");
    EXPECT_EQ(json.at("models").at(1).at("instruments"), nlohmann::json({"vocals", "other"}));
}

TEST(Models, OneTellsWhatItNeeds) {
    Service service;
    const auto json = service.get("/api/v1/models/dsp").json();
    EXPECT_EQ(json.at("sample_rate"), 44100);
    EXPECT_EQ(json.at("stereo"), true);
    EXPECT_EQ(json.at("state"), "loaded");
}

TEST(Models, OneIsLoadedWhereALivingWorkerHoldsIt) {
    Service service;
    service.install_large_model(1'000);
    service.workers.slots = {{.name = "a", .device = "cuda:0", .is_alive = true, .model = "other"},
                             {.name = "b", .device = "cuda:1", .is_alive = false, .model = "large"}};
    const auto unloaded = service.get("/api/v1/models/large").json();
    EXPECT_EQ(unloaded.at("state"), "unloaded");
    EXPECT_EQ(unloaded.at("devices"), nlohmann::json::array());

    service.workers.slots[1].is_alive = true;
    const auto loaded = service.get("/api/v1/models/large").json();
    EXPECT_EQ(loaded.at("state"), "loaded");
    EXPECT_EQ(loaded.at("devices"), nlohmann::json::array({"cuda:1"}));
}

TEST(Models, UnknownAndUnusableOnesAreNotFound) {
    Service service;
    EXPECT_EQ(service.get("/api/v1/models/spleeter").status, 404);
    EXPECT_EQ(service.get("/api/v1/models/damaged").status, 404);
}

TEST(Health, IsDegradedWhileAModelIsMissing) {
    Service service;
    const Reply reply = service.get("/api/v1/health");
    EXPECT_EQ(reply.status, 200);
    const auto json = reply.json();
    EXPECT_EQ(json.at("status"), "degraded");
    EXPECT_EQ(json.at("version"), "1.2.3");
    EXPECT_EQ(json.at("checks").at("database").at("status"), "ok");
    EXPECT_EQ(json.at("checks").at("models").at("missing"), nlohmann::json({"damaged"}));
    EXPECT_EQ(json.at("checks").at("gpu").at("status"), "none");
}

TEST(Health, IsUnhealthyWithoutWorkers) {
    Service service;
    service.workers.alive = 0;
    const Reply reply = service.get("/api/v1/health");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.json().at("status"), "unhealthy");
    EXPECT_EQ(reply.json().at("checks").at("workers").at("status"), "error");
}

TEST(Probes, TellWhetherTasksCanBeTaken) {
    Service service;
    EXPECT_EQ(service.get("/livez").status, 200);
    EXPECT_EQ(service.get("/readyz").status, 200);
    service.workers.is_draining = true;
    const Reply reply = service.get("/readyz");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.json().at("problems"), nlohmann::json({"the server is shutting down"}));
    EXPECT_EQ(service.get("/livez").status, 200);
}

TEST(Metrics, CountTheTasks) {
    Service service;
    service.add_task();
    const auto lease = service.claim();
    service.clock.advance(Milliseconds(3000));
    service.complete(lease, {{"vocals", "v"}});
    service.add_task();
    service.workers.restarts = 7;
    const auto json = service.get("/api/v1/metrics").json();
    EXPECT_EQ(json.at("completed_tasks"), 1);
    EXPECT_EQ(json.at("queued_tasks"), 1);
    EXPECT_EQ(json.at("average_processing_time_seconds"), 3);
    EXPECT_EQ(json.at("worker_restarts"), 7);
    EXPECT_EQ(json.at("uptime_seconds"), 3.002);
}

TEST(Metrics, TellTheMemoryOfDevicesAndTheDeviceOfEveryWorker) {
    Service service;
    service.workers.slots = {
        {.name = "a", .device = "cuda:0", .is_alive = true, .is_busy = true, .model = "large"}};
    service.workers.devices = {{.name = "cuda:0", .total_bytes = 80, .free_bytes = 30}};
    const auto json = service.get("/api/v1/metrics").json();
    EXPECT_EQ(json.at("devices")[0],
              nlohmann::json({{"name", "cuda:0"}, {"total_bytes", 80}, {"free_bytes", 30}}));
    EXPECT_EQ(
        json.at("workers")[0],
        nlohmann::json({{"name", "a"}, {"device", "cuda:0"}, {"state", "busy"}, {"model_type", "large"}}));
    const std::string text = service.get("/metrics").body;
    EXPECT_THAT(text, HasSubstr("msst_device_memory_bytes{device=\"cuda:0\",state=\"total\"} 80"));
    EXPECT_THAT(text, HasSubstr("msst_device_memory_bytes{device=\"cuda:0\",state=\"free\"} 30"));
    EXPECT_THAT(text, HasSubstr("msst_worker_busy{device=\"cuda:0\",worker=\"a\"} 1"));
}

TEST(Prometheus, TellsTasksAndRequests) {
    Service service;
    service.completed_task({{"vocals", "v"}});
    service.add_task();
    AccessRecord record;
    record.method = "GET";
    record.route = "/api/v1/tasks/{task_id}";
    record.status = 404;
    record.duration = std::chrono::milliseconds(3);
    service.routes->observer()(record);

    const Reply reply = service.get("/metrics");
    EXPECT_EQ(reply.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    for (const char* line :
         {R"(msst_tasks{status="completed"} 1)", R"(msst_tasks{status="pending"} 1)",
          R"(msst_workers{state="alive"} 1)",
          R"(msst_http_requests_total{code="404",method="GET",route="/api/v1/tasks/{task_id}"} 1)",
          R"(msst_task_processing_seconds_count{model_type="dsp"} 1)",
          R"(msst_task_processing_seconds_sum{model_type="dsp"} 3)",
          R"(msst_task_real_time_factor_sum{model_type="dsp"} 0.05)",
          R"(msst_tasks_finished_total{model_type="dsp",status="completed"} 1)"})
        EXPECT_THAT(reply.body, HasSubstr(std::string(line) + "\n"));
}

TEST(Prometheus, CountsEveryFinishedTaskOnce) {
    Service service;
    const std::string waiting = service.add_task();
    service.get("/metrics");
    service.complete(service.claim(), {{"vocals", "v"}});
    service.completed_task({{"vocals", "v"}});
    service.get("/metrics");
    EXPECT_THAT(service.get("/metrics").body,
                HasSubstr("msst_task_wait_seconds_count{model_type=\"dsp\"} 2\n"));
}

TEST(Prometheus, AStrangersPathAndMethodAreNoLabels) {
    Service service;
    AccessRecord record;
    record.method = "EVIL";
    record.path = "/secret";
    record.status = 501;
    service.routes->observer()(record);
    const Reply reply = service.get("/metrics");
    EXPECT_THAT(reply.body,
                HasSubstr(R"(msst_http_requests_total{code="501",method="other",route="none"} 1)"));
    EXPECT_THAT(reply.body, Not(HasSubstr("EVIL")));
}

}  // namespace
}  // namespace msst::http::testing
