#include "store/sqlite/database_file.h"

#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "store/sqlite/migrations.h"

namespace msst::store::sqlite {
namespace {

constexpr std::string_view kFirstBytes("SQLite format 3\0", 16);

// What to do about a file we will not touch.
std::string instructions(const std::filesystem::path& file) {
    return ". It was left as it is. Restore " + file.string() +
           " from a backup (remove the -wal and -shm files beside it), or try `sqlite3 " + file.string() +
           " .recover`, or start with an empty data_dir";
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
    throw Error(ErrorCode::unavailable, "the database " + file.string() + " " + why + instructions(file));
}

bool has_bytes(const std::filesystem::path& file) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(file, missing);
    return !missing && size > 0;
}

// Empty, which SQLite takes for an empty database; its log and shared memory get the mode of this file.
void make_private_file(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST) return;  // another process was quicker
    if (fd < 0) throw_errno("cannot make", file);
    const UniqueFd owner(fd);
    if (::fchmod(fd, 0600) != 0) throw_errno("cannot set the mode of", file);
    sync_directory(file.parent_path());
}

void ensure_intact(Database& database, const std::filesystem::path& file) {
    Statement check = database.prepare("PRAGMA quick_check(1)");
    const std::string verdict = check.step() ? check.text(0) : "no answer";
    if (verdict != "ok") refuse(file, "is damaged: " + verdict);
}

// A process that was killed while it made the database leaves a rollback journal; from then on there is the
// write-ahead log only. SQLite takes back what the journal tells of as soon as somebody who may write reads,
// and refuses those who may not. Where the file is damaged besides, examine() says so.
void take_back_interrupted_making(const std::filesystem::path& file) {
    if (!has_bytes(file) || !has_bytes(file.string() + "-journal")) return;
    try {
        Database(file, Database::Access::read_write).read_integer("PRAGMA user_version");
    } catch (const Error&) {
        return;
    }
}

// Nothing here changes the file or its log.
void examine(const std::filesystem::path& file) {
    if (::access(file.c_str(), R_OK) != 0) throw_errno("cannot read", file);
    try {
        Database database(file, Database::Access::examine);
        if (database.first_bytes(static_cast<int>(kFirstBytes.size())) != kFirstBytes)
            refuse(file, "is damaged: it does not begin as a SQLite database does");
        ensure_known_version(database);
        ensure_intact(database, file);
    } catch (const Error& error) {
        // Damage that SQLite met before it could finish its check.
        const std::string what = error.what();
        if (what.find("malformed") == std::string::npos && what.find("not a database") == std::string::npos)
            throw;
        refuse(file, "is damaged: " + what);
    }
}

// Switching needs the file for a moment alone, and SQLite does not wait for that by itself.
void use_write_ahead_log(Database& database) {
    const auto give_up = std::chrono::steady_clock::now() + Database::kBusyTimeout;
    while (true) {
        try {
            Statement mode = database.prepare("PRAGMA journal_mode = WAL");
            if (mode.step() && mode.text(0) == "wal") return;
        } catch (const Error&) {
            if (database.is_broken() || std::chrono::steady_clock::now() > give_up) throw;
        }
        if (std::chrono::steady_clock::now() > give_up)
            throw Error(ErrorCode::unavailable, "the database cannot be switched to a write-ahead log");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

std::unique_ptr<Database> open_database_file(const std::filesystem::path& file) {
    // The log is looked at first: another process that makes the database writes the file before the log.
    const bool has_log = has_bytes(file.string() + "-wal");
    take_back_interrupted_making(file);
    if (!has_bytes(file)) {
        if (has_log) refuse(file, "is missing or empty, but its write-ahead log is there");
        make_private_file(file);
    } else {
        examine(file);
    }
    auto database = std::make_unique<Database>(file, Database::Access::read_write);
    use_write_ahead_log(*database);
    migrate(*database);
    return database;
}

}  // namespace msst::store::sqlite
