#pragma once

#include "checkpoint/torch_file.h"

namespace msst::checkpoint {

bool is_torch_legacy(Bytes file);

// torch.save before 1.6: pickles one after another, then the storages. `file` must outlive the result.
TorchFile read_torch_legacy(Bytes file);

}  // namespace msst::checkpoint
