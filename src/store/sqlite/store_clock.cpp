#include "store/sqlite/store_clock.h"

#include <algorithm>
#include <fstream>

#include "store/sqlite/database.h"

namespace msst::store::sqlite {
namespace {

// The latest store time the database speaks of. Leases count until their end, so that a boot ends them all.
int64_t latest_tick(Database& database) {
    return database.read_integer(
        "SELECT max(coalesce((SELECT max(lease_until) FROM tasks WHERE status = 'processing'), 0),"
        "           coalesce((SELECT max(not_before) FROM tasks WHERE status = 'pending'), 0),"
        "           coalesce((SELECT max(finished_tick) FROM tasks WHERE finished_tick IS NOT NULL), 0),"
        "           coalesce((SELECT created_tick FROM tasks ORDER BY seq DESC LIMIT 1), 0),"
        "           coalesce((SELECT max(last_tick) FROM rate_keys), 0))");
}

std::optional<int64_t> find_offset(Database& database, const std::string& boot_id) {
    Statement query = database.prepare("SELECT offset_ms FROM boots WHERE boot_id = ?1");
    query.bind_all(boot_id);
    if (!query.step()) return std::nullopt;
    return query.integer(0);
}

}  // namespace

std::string current_boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

StoreClock StoreClock::open(const Clock& clock, Database& database, const std::string& boot_id) {
    if (const auto offset = find_offset(database, boot_id)) return StoreClock(clock, *offset);
    Transaction transaction(database);
    if (const auto offset = find_offset(database, boot_id)) return StoreClock(clock, *offset);

    const int64_t wall_ms = clock.now().time_since_epoch().count();
    const int64_t offset = std::max(wall_ms, latest_tick(database)) - clock.monotonic().count();
    // Without a name for this boot nothing is kept: every opening sets its own clock by the wall.
    if (!boot_id.empty()) {
        database.execute("DELETE FROM boots");
        database.run("INSERT INTO boots (boot_id, offset_ms) VALUES (?1, ?2)", boot_id, offset);
        transaction.commit();
    }
    return StoreClock(clock, offset);
}

Timestamp StoreClock::to_wall(Tick tick_then) const {
    return wall() + Milliseconds(tick_then - tick());
}

StoreClock::Tick StoreClock::to_tick(Timestamp time) const {
    return tick() - (wall() - time).count();
}

}  // namespace msst::store::sqlite
