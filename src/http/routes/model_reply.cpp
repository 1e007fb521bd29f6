#include "http/routes/model_reply.h"

#include <nlohmann/json.hpp>

#include "catalog/catalog.h"

namespace msst::http::routes {
namespace {

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return path.empty() || std::filesystem::exists(path, ignored);
}

}  // namespace

nlohmann::ordered_json model_json(const catalog::Catalog& catalog, const catalog::Model& model) {
    const bool is_embedded = model.config_path.empty();
    return {{"model_type", model.model_type},
            {"architecture", model.architecture},
            {"config_path", is_embedded ? "embedded:" + model.model_type : model.config_path.string()},
            {"instruments", model.instruments},
            {"sample_rate", model.sample_rate},
            {"stereo", model.stereo},
            {"default", model.model_type == catalog.default_model_type()}};
}

bool is_usable(const catalog::Model& model) {
    return model.state == catalog::ModelState::available && is_there(model.config_path) &&
           is_there(model.checkpoint_path);
}

}  // namespace msst::http::routes
