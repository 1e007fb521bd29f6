#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"

namespace msst::catalog {

// A model the administrator lists by hand.
struct ListedModel {
    std::string model_type;
    std::string architecture;           // empty: as the configuration says
    std::filesystem::path config_path;  // empty: the checkpoint is a Demucs package
    std::filesystem::path checkpoint_path;
    std::vector<std::filesystem::path> more_checkpoints = {};
};

// Looks into the files of a model. Throws Error when they cannot be used; its reason is "unsupported_model"
// where the files are in order, but of a kind that this build cannot run.
using Examine = std::function<NetworkFacts(const Model&)>;

struct CatalogSources {
    std::filesystem::path models_dir;  // empty: none
    std::vector<ListedModel> models;
    std::string default_model_type = "dsp";
    // Whether this build can run an architecture. Not asked about the embedded model.
    std::function<bool(std::string_view architecture)> has_engine;
    // May be empty: then damage inside of a checkpoint is found when it is loaded. Not asked about models
    // that are not available anyway.
    Examine examine;
};

// The embedded model, the folders of models_dir by name, then the listed models. A model with a problem is in
// it too, with its state. Throws Error(invalid_input) when two have one name or none has the default's.
Catalog build_catalog(const CatalogSources& sources);

}  // namespace msst::catalog
