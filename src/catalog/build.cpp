#include "catalog/build.h"

#include <utility>

#include "base/error.h"
#include "catalog/model_folder.h"

namespace msst::catalog {
namespace {

Model read_listed(const ListedModel& listed) {
    Model model;
    model.model_type = listed.model_type;
    model.architecture = listed.architecture;
    model.config_path = listed.config_path;
    model.checkpoint_path = listed.checkpoint_path;
    model.more_checkpoints = listed.more_checkpoints;
    inspect(model);
    return model;
}

void check_engine(Model& model, const CatalogSources& sources) {
    if (model.state != ModelState::available || !sources.has_engine || sources.has_engine(model.architecture))
        return;
    model.state = ModelState::unsupported;
    model.problem = "architecture " + model.architecture + " is not supported by this build";
}

void examine_files(Model& model, const Examine& examine) {
    if (model.state != ModelState::available || !examine) return;
    try {
        model.network = examine(model);
    } catch (const Error& error) {
        model.state = error.reason() == "unsupported_model" ? ModelState::unsupported : ModelState::damaged;
        model.problem = error.what();
    }
}

}  // namespace

Catalog build_catalog(const CatalogSources& sources) {
    std::vector<Model> models;
    if (!sources.models_dir.empty()) models = read_models_dir(sources.models_dir);
    for (const ListedModel& listed : sources.models) models.push_back(read_listed(listed));
    for (Model& model : models) {
        check_engine(model, sources);
        examine_files(model, sources.examine);
    }
    models.insert(models.begin(), embedded_model());
    return {std::move(models), sources.default_model_type};
}

}  // namespace msst::catalog
