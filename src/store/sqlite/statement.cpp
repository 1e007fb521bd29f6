#include "store/sqlite/statement.h"

#include <sqlite3.h>

#include "store/sqlite/database.h"

namespace msst::store::sqlite {

Statement::~Statement() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    database_.check_code(code, sqlite3_sql(statement_));
    return false;
}

int Statement::column_count() const {
    return sqlite3_column_count(statement_);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (text == nullptr) return {};
    return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<Timestamp> Statement::time(int column) const {
    if (is_null(column)) return std::nullopt;
    return Timestamp(Milliseconds(integer(column)));
}

void Statement::bind(int index, std::string_view text) {
    // A view of nothing has no pointer, which SQLite would take for NULL.
    const char* bytes = text.empty() ? "" : text.data();
    database_.check_code(
        sqlite3_bind_text64(statement_, index, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
        "bind text");
}

void Statement::bind(int index, double value) {
    database_.check_code(sqlite3_bind_double(statement_, index, value), "bind number");
}

void Statement::bind(int index, int64_t value) {
    database_.check_code(sqlite3_bind_int64(statement_, index, value), "bind integer");
}

void Statement::bind(int index, std::nullopt_t) {
    database_.check_code(sqlite3_bind_null(statement_, index), "bind NULL");
}

}  // namespace msst::store::sqlite
