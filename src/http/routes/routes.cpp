#include "http/routes/routes.h"

#include <boost/asio/thread_pool.hpp>

#include "http/offload.h"
#include "http/routes/context.h"
#include "http/routes/erasures.h"
#include "http/routes/prometheus.h"

namespace msst::http {

struct Routes::State {
    explicit State(Services services) : context(std::move(services)), prometheus(context) {}

    routes::Context context;
    routes::Prometheus prometheus;
};

namespace {

using beast_http::verb;
using routes::Context;

using BlockingRoute = Response (*)(Context&, const Request&);
using PlainRoute = Response (*)(const Request&);
using WaitingRoute = asio::awaitable<Response> (*)(Context&, Request&);

asio::awaitable<Response> run_blocking(Context& context, const Request& request, BlockingRoute route) {
    co_return co_await offload(context.services.blocking, [&] { return route(context, request); });
}

asio::awaitable<Response> run_plain(const Request& request, PlainRoute route) {
    co_return route(request);
}

asio::awaitable<Response> run_prometheus(Context& context, routes::Prometheus& prometheus) {
    co_return co_await offload(context.services.blocking, [&] { return prometheus.response(); });
}

Handler blocking(Context& context, BlockingRoute route) {
    return [&context, route](Request& request) { return run_blocking(context, request, route); };
}

Handler plain(PlainRoute route) {
    return [route](Request& request) { return run_plain(request, route); };
}

Handler waiting(Context& context, WaitingRoute route) {
    return [&context, route](Request& request) { return route(context, request); };
}

}  // namespace

Routes::Routes(Services services) : state_(std::make_unique<State>(std::move(services))) {}

Routes::~Routes() = default;

void Routes::add_to(Router& router) {
    Context& c = state_->context;
    const std::string task = "/api/v1/tasks/{task_id}";
    router.add(verb::post, "/api/v1/separate", "submitTask", waiting(c, routes::submit_task));
    router.add(verb::get, "/api/v1/tasks", "listTasks", blocking(c, routes::list_tasks));
    router.add(verb::get, task, "getTask", blocking(c, routes::get_task));
    router.add(verb::delete_, task, "deleteTask", waiting(c, routes::delete_task));
    router.add(verb::post, task + "/cancel", "cancelTask", blocking(c, routes::cancel_task));
    router.add(verb::get, task + "/events", "streamTaskEvents", waiting(c, routes::stream_task_events));
    router.add(verb::get, task + "/results", "getResults", blocking(c, routes::get_results));
    router.add(verb::get, task + "/archive", "getArchive", blocking(c, routes::get_archive));
    router.add(verb::get, "/api/v1/download/{task_id}/{filename}", "downloadSource",
               blocking(c, routes::download_source));
    router.add(verb::get, "/api/v1/models", "listModels", blocking(c, routes::list_models));
    router.add(verb::get, "/api/v1/models/{model_type}", "getModel", blocking(c, routes::get_model));
    router.add(verb::get, "/api/v1/health", "getHealth", blocking(c, routes::get_health));
    router.add(verb::get, "/api/v1/metrics", "getMetrics", blocking(c, routes::get_metrics));
    router.add(verb::get, "/metrics", "getPrometheusMetrics",
               [&c, &prometheus = state_->prometheus](Request&) { return run_prometheus(c, prometheus); });
    router.add(verb::get, "/livez", "getLiveness", plain(routes::get_liveness));
    router.add(verb::get, "/readyz", "getReadiness", blocking(c, routes::get_readiness));
    router.add(verb::get, "/openapi.json", "getOpenApi", plain(routes::get_openapi));
    router.add(verb::get, "/docs", "getDocs", plain(routes::get_docs));
    router.add(verb::get, "/docs/{file}", "getDocsFile", plain(routes::get_docs_file));
    router.add(verb::get, "/", "getIndex", plain(routes::get_index));
}

std::function<void(const AccessRecord&)> Routes::observer() {
    return [&prometheus = state_->prometheus](const AccessRecord& record) { prometheus.count(record); };
}

void Routes::sweep_deleted() {
    Context& context = state_->context;
    routes::sweep_erasures(context.services.store, context.services.blobs);
}

}  // namespace msst::http
