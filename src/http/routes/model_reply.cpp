#include "http/routes/model_reply.h"

#include <algorithm>

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
    // A Demucs package is its own configuration.
    const bool is_embedded = model.checkpoint_path.empty();
    const std::filesystem::path& config =
        model.config_path.empty() ? model.checkpoint_path : model.config_path;
    return {{"model_type", model.model_type},
            {"architecture", model.architecture},
            {"config_path", is_embedded ? "embedded:" + model.model_type : config.string()},
            {"instruments", model.instruments},
            {"sample_rate", model.sample_rate},
            {"stereo", model.stereo},
            {"default", model.model_type == catalog.default_model_type()}};
}

bool is_usable(const catalog::Model& model) {
    return model.state == catalog::ModelState::available && is_there(model.config_path) &&
           is_there(model.checkpoint_path) && std::ranges::all_of(model.more_checkpoints, is_there);
}

}  // namespace msst::http::routes
