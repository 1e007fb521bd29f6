#include "store/sqlite/migrations.h"

#include "base/error.h"

namespace msst::store::sqlite {
namespace {

// "msst" in ASCII, in the header of the file: tells our databases from others.
constexpr int64_t kApplicationId = 0x6d737374;

}  // namespace

void ensure_known_version(Database& database) {
    const int64_t version = database.read_integer("PRAGMA user_version");
    const int64_t known = std::ssize(migration_texts());
    const bool is_empty = database.read_integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (!is_empty && database.read_integer("PRAGMA application_id") != kApplicationId)
        throw Error(ErrorCode::unavailable,
                    "msst.db is a database of another program; it was left as it is. Start with an empty "
                    "data_dir, or restore msst.db from a backup");
    if (version > known)
        throw Error(ErrorCode::unavailable,
                    "msst.db has schema version " + std::to_string(version) + ", this program knows up to " +
                        std::to_string(known) +
                        "; it was left as it is. Start the newer program again, or restore the backup made "
                        "before the upgrade");
}

void migrate(Database& database) {
    const auto texts = migration_texts();
    // Looked at before the right to write is asked for, so that opening a current database never waits.
    while (database.read_integer("PRAGMA user_version") < std::ssize(texts)) {
        Transaction transaction(database);
        const int64_t version = database.read_integer("PRAGMA user_version");
        if (version >= std::ssize(texts)) break;  // another process was quicker
        database.execute(texts[version]);
        database.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
        database.execute("PRAGMA user_version = " + std::to_string(version + 1));
        transaction.commit();
    }
}

}  // namespace msst::store::sqlite
