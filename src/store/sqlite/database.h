#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "store/sqlite/statement.h"

struct sqlite3;

namespace msst::store::sqlite {

// One connection, used by one thread at a time.
//
// Every failure is an msst::Error: a full disk is (unavailable, "storage_full"), a busy, unreadable or
// damaged database is (unavailable), a statement the schema refuses is (internal). Messages hold SQL and
// paths and are for the log.
class Database {
public:
    enum class Access {
        read_write,  // the file must exist: a database that vanished is never made anew
        read_only,   // refuses every write
        examine,     // read_only, and leaves the file and its log exactly as found when closed
    };

    // How long a statement waits for another process's transaction before it gives up.
    static constexpr std::chrono::milliseconds kBusyTimeout{10'000};

    Database(const std::filesystem::path& file, Access access);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // Runs every statement of `sql`, results dropped.
    void execute(const std::string& sql);

    // A statement of the cache, compiled on first use.
    Statement prepare(const std::string& sql);

    // Runs one statement with its parameters and returns how many rows it changed.
    template <typename... Values>
    int64_t run(const std::string& sql, const Values&... values) {
        Statement statement = prepare(sql);
        statement.bind_all(values...);
        while (statement.step()) {
        }
        return changed_rows();
    }

    // The single integer a query such as "PRAGMA user_version" gives.
    int64_t read_integer(const std::string& sql);

    // The first bytes of the file, as they lie there; empty if it has fewer. Read through SQLite's own
    // descriptor: a process that closes another one loses all its locks on the file (POSIX), and the next
    // process to close the database removes the log from under our connections.
    std::string first_bytes(int count);

    void set_busy_timeout(std::chrono::milliseconds timeout) { busy_timeout_ = timeout; }

    bool in_transaction() const;

    // Pages in the write-ahead log after this connection's last commit.
    int wal_pages() const { return wal_pages_; }

    // After an I/O error the connection is of no use any more: drop it and open another.
    bool is_broken() const { return is_broken_; }

    // Throws unless `code` says success; `what` is the statement or step it came from.
    void check_code(int code, std::string_view what);

private:
    struct CloseConnection {
        void operator()(sqlite3* connection) const;
    };
    struct FinalizeStatement {
        void operator()(sqlite3_stmt* statement) const;
    };

    static int wait_while_busy(void* self, int times_asked);
    int64_t changed_rows() const;

    std::filesystem::path file_;
    std::unique_ptr<sqlite3, CloseConnection> connection_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, FinalizeStatement>, std::less<>> statements_;
    std::chrono::milliseconds busy_timeout_ = kBusyTimeout;
    std::chrono::steady_clock::time_point busy_since_{};
    int wal_pages_ = 0;
    bool is_broken_ = false;
};

// BEGIN IMMEDIATE: the right to write is taken at once, so that no statement in the middle finds the database
// busy. Rolled back unless committed.
class Transaction {
public:
    explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit() { database_.execute("COMMIT"); }

private:
    Database& database_;
};

}  // namespace msst::store::sqlite
