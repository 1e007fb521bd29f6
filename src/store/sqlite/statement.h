#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

struct sqlite3_stmt;

namespace msst::store::sqlite {

class Database;

// A prepared statement in use: borrowed from the database's cache, given back
// (reset, parameters cleared) by the destructor. Never outlives its database.
//
//   Statement query = db.prepare("SELECT seq FROM tasks WHERE owner = ?1");
//   query.bind_all(owner);
//   while (query.step()) use(query.integer(0));
class Statement {
public:
    Statement(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Binds ?1, ?2, … in order. Times are stored as milliseconds, an empty optional as NULL.
    template <typename... Values>
    void bind_all(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
    }

    // Binds ?index, counted from 1.
    void bind(int index, std::string_view text);
    void bind(int index, double value);
    void bind(int index, int64_t value);
    void bind(int index, std::nullopt_t none);
    void bind(int index, std::integral auto value) { bind(index, static_cast<int64_t>(value)); }
    void bind(int index, const char* text) { bind(index, std::string_view(text)); }
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    void bind(int index, Timestamp time) { bind(index, int64_t{time.time_since_epoch().count()}); }
    template <typename Value>
    void bind(int index, const std::optional<Value>& value) {
        if (value)
            bind(index, *value);
        else
            bind(index, std::nullopt);
    }

    // True: there is a row. Throws as Database says.
    bool step();

    int column_count() const;

    // Columns of the current row, counted from 0.
    bool is_null(int column) const;
    int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;  // of NULL: empty
    std::optional<Timestamp> time(int column) const;

private:
    Database& database_;
    sqlite3_stmt* statement_;
};

}  // namespace msst::store::sqlite
