#pragma once

#include <filesystem>

#include "base/files.h"

namespace msst::app {

// Keeps a second server away from a data directory. The lock is the kernel's
// (flock): it goes with the process however that ends, so a lock never gets stale.
class InstanceLock {
public:
    // Makes the directory (mode 0700) if it is missing. Throws Error(conflict), naming the directory and the
    // other server's process id, if another server has it.
    explicit InstanceLock(const std::filesystem::path& data_dir);

private:
    UniqueFd file_;
};

}  // namespace msst::app
