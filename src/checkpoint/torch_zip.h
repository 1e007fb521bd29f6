#pragma once

#include "checkpoint/torch_file.h"

namespace msst::checkpoint {

bool is_zip(Bytes file);

// torch.save since 1.6: a ZIP with data.pkl and data/<key>. `file` must outlive the result.
TorchFile read_torch_zip(Bytes file);

}  // namespace msst::checkpoint
