#pragma once

#include <filesystem>
#include <memory>

#include "store/sqlite/database.h"

namespace msst::store::sqlite {

// Opens the database for reading and writing, in write-ahead-log mode, with the current schema.
//
// A file that is not there is made, private to its user and synced with its directory. One that is there is
// first examined without touching it: a damaged file, one of another program or of a newer version is refused
// with Error(unavailable) and instructions. Several processes may do this at once.
std::unique_ptr<Database> open_database_file(const std::filesystem::path& file);

}  // namespace msst::store::sqlite
