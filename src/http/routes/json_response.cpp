#include "http/routes/json_response.h"

#include <nlohmann/json.hpp>

namespace msst::http::routes {

Response json_response(beast_http::status status, const nlohmann::ordered_json& json) {
    Response response;
    response.status = status;
    response.set_header("Content-Type", "application/json");
    response.set_header("Cache-Control", "no-store");
    response.body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return response;
}

}  // namespace msst::http::routes
