#include "store/sqlite/database.h"

#include <algorithm>
#include <thread>

#include <sqlite3.h>

#include "base/error.h"

namespace msst::store::sqlite {
namespace {

int open_flags(Database::Access access) {
    const int mode = access == Database::Access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    return mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
}

bool ends_the_connection(int primary_code) {
    return primary_code == SQLITE_IOERR || primary_code == SQLITE_CORRUPT || primary_code == SQLITE_NOTADB ||
           primary_code == SQLITE_CANTOPEN || primary_code == SQLITE_NOMEM;
}

}  // namespace

void Database::CloseConnection::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

void Database::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Database::Database(const std::filesystem::path& file, Access access) : file_(file) {
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &connection, open_flags(access), /*zVfs=*/nullptr);
    connection_.reset(connection);  // also after a failure: it holds the message
    check_code(code, "open");
    sqlite3_busy_handler(connection, &Database::wait_while_busy, this);
    // SQLite's own checkpoint would also come in the middle of an answer; write_queue.cpp does it afterwards.
    sqlite3_wal_hook(
        connection,
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<Database*>(self)->wal_pages_ = pages;
            return SQLITE_OK;
        },
        this);
    // The schema of a damaged or hostile file must not run functions or overwrite our structures.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    if (access == Access::examine)
        sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Database::~Database() = default;

// SQLite's built-in handler sleeps up to 100 ms between tries; a busy server would then starve the others.
int Database::wait_while_busy(void* self, int times_asked) {
    auto& database = *static_cast<Database*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (times_asked == 0) database.busy_since_ = now;
    if (now - database.busy_since_ > database.busy_timeout_) return 0;
    std::this_thread::sleep_for(std::chrono::microseconds(std::min(100 + 100 * times_asked, 2000)));
    return 1;
}

void Database::check_code(int code, std::string_view what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    const int primary_code = code & 0xff;
    is_broken_ = is_broken_ || ends_the_connection(primary_code);
    const std::string message = "database " + file_.string() + ": " + sqlite3_errmsg(connection_.get()) +
                                " (SQLite " + std::to_string(code) + ") in: " + std::string(what);
    if (primary_code == SQLITE_FULL) throw Error(ErrorCode::unavailable, message, "storage_full");
    if (primary_code == SQLITE_CONSTRAINT || primary_code == SQLITE_ERROR || primary_code == SQLITE_MISUSE ||
        primary_code == SQLITE_RANGE || primary_code == SQLITE_MISMATCH)
        throw Error(ErrorCode::internal, message);
    throw Error(ErrorCode::unavailable, message);
}

void Database::execute(const std::string& sql) {
    check_code(sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr), sql);
}

Statement Database::prepare(const std::string& sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        sqlite3_stmt* statement = nullptr;
        check_code(sqlite3_prepare_v3(connection_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, /*pzTail=*/nullptr),
                   sql);
        found = statements_.try_emplace(sql, statement).first;
    }
    return Statement(*this, found->second.get());
}

int64_t Database::read_integer(const std::string& sql) {
    Statement query = prepare(sql);
    return query.step() ? query.integer(0) : 0;
}

std::string Database::first_bytes(int count) {
    sqlite3_file* file = nullptr;
    check_code(
        sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file)),
        "find file");
    std::string bytes(static_cast<size_t>(count), '\0');
    const int code = file->pMethods->xRead(file, bytes.data(), count, /*iOfst=*/0);
    if (code == SQLITE_IOERR_SHORT_READ) return {};
    check_code(code, "read first bytes");
    return bytes;
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(connection_.get()) == 0;
}

int64_t Database::changed_rows() const {
    return sqlite3_changes64(connection_.get());
}

Transaction::~Transaction() {
    if (!database_.in_transaction()) return;
    try {
        database_.execute("ROLLBACK");
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
        // The error that brought us here says more; a connection that cannot roll back is replaced.
    }
}

}  // namespace msst::store::sqlite
