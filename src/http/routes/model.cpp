#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "http/routes/context.h"
#include "http/routes/json_response.h"
#include "http/routes/model_reply.h"
#include "http/routes/routes.h"

// GET /api/v1/models/{model_type}

namespace msst::http::routes {
namespace {

using Json = nlohmann::ordered_json;

void add_facts(Json& json, const catalog::NetworkFacts& facts) {
    json["parameters"] = facts.parameters;
    json["chunk_seconds"] = facts.chunk_seconds;
    json["num_overlap"] = facts.num_overlap;
    json["device_bytes"] = facts.device_bytes;
    json["gflop_per_second_of_audio"] = facts.gflop_per_second_of_audio;
}

// The devices of the workers that hold it ready now.
std::vector<std::string> devices_with(const std::string& model_type, const WorkerStatus& workers) {
    std::vector<std::string> names;
    for (const WorkerSlotStatus& slot : workers.slots)
        if (slot.is_alive && slot.model == model_type && std::ranges::count(names, slot.device) == 0)
            names.push_back(slot.device);
    return names;
}

// Without weights there is nothing to load: such a model is always ready.
void add_weights(Json& json, const catalog::Model& model, const WorkerStatus& workers) {
    const bool has_weights = !model.checkpoint_path.empty();
    json["checkpoint_path"] = has_weights ? Json(model.checkpoint_path.string()) : Json(nullptr);
    json["checkpoint_bytes"] = has_weights ? catalog::checkpoint_bytes(model) : 0;
    json["parameters"] = has_weights ? Json(nullptr) : Json(0);
    for (const char* unknown : {"chunk_seconds", "num_overlap", "device_bytes", "gflop_per_second_of_audio"})
        json[unknown] = nullptr;
    if (model.network) add_facts(json, *model.network);
    const std::vector<std::string> devices =
        has_weights ? devices_with(model.model_type, workers) : std::vector<std::string>{"cpu"};
    json["state"] = devices.empty() ? "unloaded" : "loaded";
    json["devices"] = devices;
    json["warnings"] = model.network ? Json(model.network->warnings) : Json::array();
}

}  // namespace

Response get_model(Context& context, const Request& request) {
    const std::string& name = request.path_values.find("model_type")->second;
    const catalog::Catalog& catalog = context.services.catalog;
    const catalog::Model* model = catalog.find(name);
    if (!model || !is_usable(*model))
        throw Error(ErrorCode::not_found, "there is no available model '" + clean_text(name, 100) + "'");
    Json json = model_json(catalog, *model);
    add_weights(json, *model, context.services.worker_status());
    return json_response(beast_http::status::ok, json);
}

}  // namespace msst::http::routes
