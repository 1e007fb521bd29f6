#include "cli/open_catalog.h"

namespace msst::cli {

catalog::Catalog open_catalog(const config::Config& config,
                              const std::function<bool(std::string_view architecture)>& has_engine,
                              const NetworkExaminer& examine) {
    catalog::CatalogSources sources{.models_dir = config.models_dir,
                                    .models = {},
                                    .default_model_type = config.default_model_type,
                                    .has_engine = has_engine,
                                    .examine = {}};
    if (examine) sources.examine = [&](const catalog::Model& model) { return examine(model, config); };
    for (const config::ModelEntry& model : config.models)
        sources.models.push_back(
            {model.model_type, model.architecture, model.config_path, model.checkpoint_path});
    return catalog::build_catalog(sources);
}

}  // namespace msst::cli
