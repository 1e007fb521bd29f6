#pragma once

#include "config/readers.h"

namespace msst::config {

// The name of a model, as clients use it: the key `default_model_type`.
Key model_name_key(const KeyText& text);

// The list of models that lie outside of models_dir.
Key models_key(const KeyText& text);

}  // namespace msst::config
