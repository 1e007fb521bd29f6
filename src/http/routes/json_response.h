#pragma once

#include <nlohmann/json_fwd.hpp>

#include "http/message.h"

namespace msst::http::routes {

// A JSON answer that nobody stores. Text that is not UTF-8 is replaced, never an error.
Response json_response(beast_http::status status, const nlohmann::ordered_json& json);

}  // namespace msst::http::routes
