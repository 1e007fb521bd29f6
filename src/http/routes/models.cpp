#include <nlohmann/json.hpp>

#include "catalog/catalog.h"
#include "http/routes/context.h"
#include "http/routes/json_response.h"
#include "http/routes/model_reply.h"
#include "http/routes/routes.h"

// GET /api/v1/models

namespace msst::http::routes {

Response list_models(Context& context, const Request&) {
    const catalog::Catalog& catalog = context.services.catalog;
    nlohmann::ordered_json json{{"default_model_type", catalog.default_model_type()},
                                {"models", nlohmann::ordered_json::array()}};
    for (const catalog::Model* model : catalog.available())
        if (is_usable(*model)) json["models"].push_back(model_json(catalog, *model));
    return json_response(beast_http::status::ok, json);
}

}  // namespace msst::http::routes
