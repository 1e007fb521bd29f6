#pragma once

#include <filesystem>
#include <fstream>

#include "store/sqlite/database.h"
#include "support/temp_folder.h"

namespace msst::store::sqlite::testing {

// A database of one table, words (word TEXT UNIQUE), in a folder of its own.
struct WordsDatabase {
    WordsDatabase() {
        std::ofstream(file).flush();
        Database(file, Database::Access::read_write)
            .execute("PRAGMA journal_mode = WAL; CREATE TABLE words (word TEXT UNIQUE)");
    }

    msst::testing::TempFolder folder;
    std::filesystem::path file = folder / "test.db";
    std::filesystem::path log = folder / "test.db-wal";
};

}  // namespace msst::store::sqlite::testing
