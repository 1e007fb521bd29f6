#include "http/routes/prometheus.h"

#include <mutex>
#include <sstream>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/log.h"
#include "http/routes/context.h"
#include "http/routes/task_observer.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

using ::prometheus::BuildCounter;
using ::prometheus::BuildGauge;
using ::prometheus::BuildHistogram;
using Gauges = ::prometheus::Family<::prometheus::Gauge>;
using Histograms = ::prometheus::Family<::prometheus::Histogram>;
using Buckets = ::prometheus::Histogram::BucketBoundaries;

const Buckets kTaskSeconds = {0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600};
const Buckets kRequestSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60};
const Buckets kRealTimeFactors = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10};

Gauges& gauges(::prometheus::Registry& registry, const char* name, const char* help) {
    return BuildGauge().Name(name).Help(help).Register(registry);
}

Histograms& histograms(::prometheus::Registry& registry, const char* name, const char* help) {
    return BuildHistogram().Name(name).Help(help).Register(registry);
}

double seconds_between(Timestamp from, Timestamp to) {
    return std::chrono::duration<double>(to - from).count();
}

}  // namespace

struct Prometheus::Figures {
    explicit Figures(tasks::TaskStore& store) : observer(store) {}

    std::mutex mutex;  // one scrape at a time
    ::prometheus::Registry registry;
    TaskObserver observer;
    Gauges& tasks = gauges(registry, "msst_tasks", "Tasks that are recorded, by status.");
    Gauges& queue_age = gauges(registry, "msst_queue_oldest_seconds", "Age of the oldest pending task.");
    Gauges& audio =
        gauges(registry, "msst_audio_seconds_processed", "Audio of the completed tasks that are recorded.");
    Gauges& workers = gauges(registry, "msst_workers", "Worker processes, by state.");
    Gauges& restarts =
        gauges(registry, "msst_worker_restarts", "Workers started again since the server started.");
    Gauges& busy = gauges(registry, "msst_worker_busy", "1 while the worker runs a task, by its device.");
    Gauges& memory = gauges(registry, "msst_device_memory_bytes", "Memory of each device, by state.");
    Gauges& free_disk = gauges(registry, "msst_disk_free_bytes", "Free space where uploads and results lie.");
    Gauges& uptime = gauges(registry, "msst_uptime_seconds", "Time since the server started.");
    Gauges& info = gauges(registry, "msst_info", "Always 1; the label tells the version.");
    Histograms& wait =
        histograms(registry, "msst_task_wait_seconds", "From submission to the start of the last attempt.");
    Histograms& processing = histograms(registry, "msst_task_processing_seconds",
                                        "From the start of the attempt to the published sources.");
    Histograms& factor =
        histograms(registry, "msst_task_real_time_factor", "Processing time per time of audio.");
    ::prometheus::Family<::prometheus::Counter>& finished =
        BuildCounter()
            .Name("msst_tasks_finished_total")
            .Help("Tasks seen to finish, by status and model.")
            .Register(registry);
    ::prometheus::Family<::prometheus::Counter>& requests =
        BuildCounter()
            .Name("msst_http_requests_total")
            .Help("Answered requests, by method, route and code.")
            .Register(registry);
    Histograms& durations = histograms(registry, "msst_http_request_duration_seconds",
                                       "From the end of the request's head to the end of the answer.");

    void observe(const tasks::Task& task) {
        const std::map<std::string, std::string> model{{"model_type", task.request.model_type}};
        finished
            .Add({{"model_type", task.request.model_type}, {"status", std::string(to_string(task.status))}})
            .Increment();
        if (task.started_at)
            wait.Add(model, kTaskSeconds).Observe(seconds_between(task.created_at, *task.started_at));
        if (!task.result) return;
        processing.Add(model, kTaskSeconds).Observe(task.result->processing_seconds);
        if (task.result->audio_seconds > 0)
            factor.Add(model, kRealTimeFactors)
                .Observe(task.result->processing_seconds / task.result->audio_seconds);
    }

    void set_tasks(const tasks::StoreStatistics& now, Timestamp time) {
        tasks.Add({{"status", "pending"}}).Set(static_cast<double>(now.pending));
        tasks.Add({{"status", "processing"}}).Set(static_cast<double>(now.processing));
        tasks.Add({{"status", "completed"}}).Set(static_cast<double>(now.completed));
        tasks.Add({{"status", "failed"}}).Set(static_cast<double>(now.failed));
        tasks.Add({{"status", "cancelled"}}).Set(static_cast<double>(now.cancelled));
        queue_age.Add({}).Set(now.oldest_pending ? std::max(0.0, seconds_between(*now.oldest_pending, time))
                                                 : 0);
        audio.Add({}).Set(now.audio_seconds_processed);
    }

    void set_workers(const WorkerStatus& status) {
        workers.Add({{"state", "configured"}}).Set(status.configured);
        workers.Add({{"state", "alive"}}).Set(status.alive);
        workers.Add({{"state", "busy"}}).Set(status.busy);
        restarts.Add({}).Set(static_cast<double>(status.restarts));
        for (const WorkerSlotStatus& slot : status.slots)
            busy.Add({{"worker", slot.name}, {"device", slot.device}}).Set(slot.is_busy ? 1 : 0);
        for (const DeviceStatus& device : status.devices) {
            memory.Add({{"device", device.name}, {"state", "total"}})
                .Set(static_cast<double>(device.total_bytes));
            memory.Add({{"device", device.name}, {"state", "free"}})
                .Set(static_cast<double>(device.free_bytes));
        }
    }
};

Prometheus::Prometheus(Context& context)
    : context_(context), figures_(std::make_unique<Figures>(context.services.store)) {
    figures_->info.Add({{"version", context.services.settings.version}}).Set(1);
    try {
        figures_->observer.look([](const tasks::Task&) {});
    } catch (const std::exception& error) {  // the next look learns it
        context.services.log.warning("metrics_start", {{"error", error.what()}});
    }
}

Prometheus::~Prometheus() = default;

void Prometheus::count(const AccessRecord& record) noexcept {
    try {
        const std::string route = record.route.empty() ? "none" : record.route;
        // A stranger's method would be a label that a stranger chooses; where no route matched it is not
        // told.
        const std::string method = record.route.empty() ? "other" : record.method;
        figures_->requests
            .Add({{"method", method}, {"route", route}, {"code", std::to_string(record.status)}})
            .Increment();
        figures_->durations.Add({{"route", route}}, kRequestSeconds)
            .Observe(std::chrono::duration<double>(record.duration).count());
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): out of memory, this one is not counted
    }
}

Response Prometheus::response() {
    const Services& services = context_.services;
    const std::lock_guard lock(figures_->mutex);
    figures_->set_tasks(services.store.statistics(), services.clock.now());
    figures_->observer.look([this](const tasks::Task& task) {
        figures_->observe(task);
        context_.speed.learn(task);
    });
    figures_->set_workers(services.worker_status());
    figures_->free_disk.Add({}).Set(static_cast<double>(services.blobs.free_bytes()));
    figures_->uptime.Add({}).Set(context_.uptime_seconds());

    Response response;
    response.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.set_header("Cache-Control", "no-store");
    response.body = ::prometheus::TextSerializer().Serialize(figures_->registry.Collect());
    return response;
}

}  // namespace msst::http::routes
