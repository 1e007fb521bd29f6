#pragma once

#include <map>
#include <string>

#include "checkpoint/tensor_view.h"

namespace msst::checkpoint {

bool is_safetensors(Bytes file);

struct Safetensors {
    std::map<std::string, TensorView> tensors;
    std::map<std::string, std::string> metadata;
};

// u64 header size, JSON header, raw tensors. `file` must outlive the views. Throws Error(invalid_input).
Safetensors read_safetensors(Bytes file);

}  // namespace msst::checkpoint
