#include "catalog/catalog.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace msst::catalog {
namespace {

// Where a model comes from, for messages.
std::string origin(const Model& model) {
    return model.config_path.empty() ? "the embedded model" : model.config_path.string();
}

std::string names_of(const std::vector<Model>& models) {
    std::string names;
    for (const Model& model : models) names += (names.empty() ? "" : ", ") + model.model_type;
    return names;
}

}  // namespace

std::string_view to_string(ModelState state) {
    switch (state) {
        case ModelState::available:
            return "available";
        case ModelState::missing_checkpoint:
            return "missing_checkpoint";
        case ModelState::damaged:
            return "damaged";
        case ModelState::unsupported:
            return "unsupported";
    }
    return "damaged";
}

int64_t checkpoint_bytes(const Model& model) {
    std::vector<std::filesystem::path> checkpoints = model.more_checkpoints;
    checkpoints.push_back(model.checkpoint_path);
    int64_t bytes = 0;
    for (const std::filesystem::path& path : checkpoints) {
        std::error_code failed;
        const auto size = std::filesystem::file_size(path, failed);
        if (!failed) bytes += static_cast<int64_t>(size);
    }
    return bytes;
}

Catalog::Catalog(std::vector<Model> models, std::string default_model_type)
    : models_(std::move(models)), default_model_type_(std::move(default_model_type)) {
    for (const Model& model : models_)
        if (const Model* twin = find(model.model_type); twin != &model)
            throw Error(ErrorCode::invalid_input, "two models are called '" + model.model_type +
                                                      "': " + origin(*twin) + " and " + origin(model));
    if (!find(default_model_type_))
        throw Error(ErrorCode::invalid_input, "default_model_type '" + default_model_type_ +
                                                  "' is not installed; there are: " + names_of(models_));
}

std::vector<const Model*> Catalog::available() const {
    std::vector<const Model*> available;
    for (const Model& model : models_)
        if (model.state == ModelState::available) available.push_back(&model);
    return available;
}

const Model* Catalog::find(const std::string& model_type) const {
    const auto model = std::ranges::find(models_, model_type, &Model::model_type);
    return model == models_.end() ? nullptr : &*model;
}

Model embedded_model() {
    Model model;
    model.model_type = "dsp";
    model.architecture = "dsp";
    model.instruments = {"vocals", "drums", "bass", "other"};
    return model;
}

}  // namespace msst::catalog
