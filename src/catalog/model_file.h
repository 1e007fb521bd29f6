#pragma once

#include <string_view>

#include "catalog/catalog.h"

namespace msst::catalog {

// What MSST's config.yaml says of a model: architecture, instruments, sample rate, channels. Fills these
// fields of `model` from its config_path; an architecture that is set already
// stays unless the file states another (training.model_type). Throws
// Error(invalid_input) with a sentence for the administrator when the file is damaged or lacks what a model
// needs, Error(not_found) when it is missing.
void read_model_file(Model& model);

// The same for the text of such a file; model.config_path only names it in messages.
void read_model_text(std::string_view text, Model& model);

}  // namespace msst::catalog
