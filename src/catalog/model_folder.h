#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "catalog/catalog.h"

namespace msst::catalog {

// The model in one folder, named like it: its configuration is config.yaml or the only .yaml, its checkpoint
// the only .ckpt .chpt .pt .pth .th .bin .safetensors or, of several, the one called `model` or like the
// folder. Of the Demucs family several checkpoints are a bag, whose order a YAML with `models` may give, and
// packages need no configuration. None when the folder holds neither, or its name starts with a dot. What is
// wrong with the model is its `state`.
std::optional<Model> read_model_folder(const std::filesystem::path& folder);

// One model per folder of `models_dir`, by name. A models_dir that is missing holds none.
std::vector<Model> read_models_dir(const std::filesystem::path& models_dir);

// The configuration and the state of a model whose paths are set.
void inspect(Model& model);

// 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot.
bool is_model_name(std::string_view name);

}  // namespace msst::catalog
