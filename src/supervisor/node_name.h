#pragma once

#include <filesystem>
#include <string>

namespace msst::supervisor {

// What a server is called among all that may ever share its task store: the machine's name and random digits,
// made at the first start and kept in the file `node` of its data directory, so that a server that was killed
// knows its tasks again. Throws as the functions of base/files.h.
std::string node_name(const std::filesystem::path& data_dir);

}  // namespace msst::supervisor
