#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"

namespace msst::catalog {

// What MSST's config.yaml says of a model: architecture, instruments, sample rate, channels. Fills these
// fields of `model` from its config_path; an architecture that is set already
// stays unless the file states another (training.model_type). Throws
// Error(invalid_input) with a sentence for the administrator when the file is damaged or lacks what a model
// needs, Error(not_found) when it is missing.
void read_model_file(Model& model);

// The names of a bag of Demucs networks, which stands in place of such a file: the items of its `models`.
// Empty when the file is no bag.
std::vector<std::string> read_bag(const std::filesystem::path& path);

// The same for the text of such a file; model.config_path only names it in messages.
void read_model_text(std::string_view text, Model& model);

}  // namespace msst::catalog
