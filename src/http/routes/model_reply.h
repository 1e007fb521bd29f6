#pragma once

#include <nlohmann/json_fwd.hpp>

namespace msst::catalog {
class Catalog;
struct Model;
}  // namespace msst::catalog

namespace msst::http::routes {

// A model as the API lists it (schema Model of docs/openapi.yaml).
nlohmann::ordered_json model_json(const catalog::Catalog& catalog, const catalog::Model& model);

// Whether it can be used now: it was at start, and its files are still there. Asks the file system.
bool is_usable(const catalog::Model& model);

}  // namespace msst::http::routes
