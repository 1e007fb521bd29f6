#pragma once

#include <span>

#include "store/sqlite/database.h"

// Brings a database to this program's version of the schema.

namespace msst::store::sqlite {

// The texts of src/store/migrations, in order. The n-th (from 1) leads to version n.
std::span<const char* const> migration_texts();

// Throws Error(unavailable) for a database of a newer version, naming both, and for one that is not ours.
// Changes nothing.
void ensure_known_version(Database& database);

// Applies what is missing, each migration in one transaction with its version number: killed in the middle,
// it is simply repeated. Safe with several processes at once.
void migrate(Database& database);

}  // namespace msst::store::sqlite
