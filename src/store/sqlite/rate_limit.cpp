#include "store/sqlite/rate_limit.h"

#include <algorithm>

namespace msst::store::sqlite {
namespace {

constexpr int64_t kWindowMs = 3'600'000;

// Drops what left the window and returns how many requests that was.
int64_t drop_old_events(Database& db, const std::string& key, StoreClock::Tick window_start) {
    Statement drop = db.prepare("DELETE FROM rate_events WHERE key = ?1 AND tick <= ?2 RETURNING requests");
    drop.bind_all(key, window_start);
    int64_t requests = 0;
    while (drop.step()) requests += drop.integer(0);
    return requests;
}

std::optional<int64_t> find_used(Database& db, const std::string& key) {
    Statement query = db.prepare("SELECT used FROM rate_keys WHERE key = ?1");
    query.bind_all(key);
    if (!query.step()) return std::nullopt;
    return query.integer(0);
}

// When the oldest request of the window leaves it.
StoreClock::Tick next_room(Database& db, const std::string& key, StoreClock::Tick now) {
    Statement query = db.prepare("SELECT min(tick) FROM rate_events WHERE key = ?1");
    query.bind_all(key);
    if (!query.step() || query.is_null(0)) return now + kWindowMs;
    return query.integer(0) + kWindowMs;
}

// A few at a time, but more than can be added: every new key calls it.
void forget_silent_keys(Database& db, StoreClock::Tick window_start) {
    db.run(
        "DELETE FROM rate_events WHERE key IN"
        " (SELECT key FROM rate_keys WHERE last_tick <= ?1 ORDER BY last_tick LIMIT 4)",
        window_start);
    db.run(
        "DELETE FROM rate_keys WHERE key IN"
        " (SELECT key FROM rate_keys WHERE last_tick <= ?1 ORDER BY last_tick LIMIT 4)",
        window_start);
}

void write_request(Database& db, const std::string& key, StoreClock::Tick now, int64_t used) {
    db.run(
        "INSERT INTO rate_events (key, tick, requests) VALUES (?1, ?2, 1)"
        " ON CONFLICT DO UPDATE SET requests = requests + 1",
        key, now);
    db.run(
        "INSERT INTO rate_keys (key, used, last_tick) VALUES (?1, ?2, ?3)"
        " ON CONFLICT DO UPDATE SET used = excluded.used, last_tick = excluded.last_tick",
        key, used, now);
}

}  // namespace

tasks::TaskStore::RateDecision count_one_request(Database& db, const StoreClock& clock,
                                                 const std::string& key, int64_t limit) {
    const StoreClock::Tick now = clock.tick();
    const int64_t dropped = drop_old_events(db, key, now - kWindowMs);
    const auto before = find_used(db, key);
    if (!before) forget_silent_keys(db, now - kWindowMs);
    const int64_t used = before.value_or(0) - dropped;

    if (used >= limit) {
        if (dropped > 0) db.run("UPDATE rate_keys SET used = ?2 WHERE key = ?1", key, used);
        return {.allowed = false, .remaining = 0, .reset = clock.to_wall(next_room(db, key, now))};
    }
    write_request(db, key, now, used + 1);
    return {.allowed = true, .remaining = limit - used - 1, .reset = clock.to_wall(now + kWindowMs)};
}

}  // namespace msst::store::sqlite
