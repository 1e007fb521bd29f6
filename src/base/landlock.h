#pragma once

#include <string>

#include "base/sandbox.h"

namespace msst {

// From here on the calling thread, and what it starts, opens only the files that the rules name
// (landlock(7)). A path that does not exist is passed over. Needs no_new_privs. Returns why not, or nothing.
std::string restrict_files(const FileRules& rules);

}  // namespace msst
