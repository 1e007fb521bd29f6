#pragma once

#include <functional>
#include <memory>

#include "http/hooks.h"
#include "http/message.h"
#include "http/router.h"
#include "http/routes/services.h"

// Every endpoint of docs/openapi.yaml, one file each.

namespace msst::http {

class Routes {
public:
    // What `services` refers to must outlive the routes, and these the server.
    explicit Routes(Services services);
    ~Routes();
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    void add_to(Router& router);

    // Counts answered requests for /metrics; for Hooks::observers.
    std::function<void(const AccessRecord&)> observer();

    // Erases deleted tasks whose worker has stopped by now. Call it every few seconds. Throws as the stores.
    void sweep_deleted();

private:
    struct State;
    std::unique_ptr<State> state_;
};

namespace routes {

struct Context;
class Prometheus;

// Each runs on a thread that may block, and throws Error or ApiError.
Response list_tasks(Context& context, const Request& request);
Response get_task(Context& context, const Request& request);
Response cancel_task(Context& context, const Request& request);
Response get_results(Context& context, const Request& request);
Response get_archive(Context& context, const Request& request);
Response download_source(Context& context, const Request& request);
Response list_models(Context& context, const Request& request);
Response get_model(Context& context, const Request& request);
Response get_health(Context& context, const Request& request);
Response get_metrics(Context& context, const Request& request);
Response get_readiness(Context& context, const Request& request);

// These do not block.
Response get_liveness(const Request& request);
Response get_openapi(const Request& request);
Response get_docs(const Request& request);
Response get_docs_file(const Request& request);
Response get_index(const Request& request);

// These wait: for the body, for a worker, for news of a task.
asio::awaitable<Response> submit_task(Context& context, Request& request);
asio::awaitable<Response> delete_task(Context& context, Request& request);
asio::awaitable<Response> stream_task_events(Context& context, Request& request);

}  // namespace routes
}  // namespace msst::http
