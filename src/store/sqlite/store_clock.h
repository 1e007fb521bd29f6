#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

// The clock that decides about leases, back-off, retention and rate windows.
//
// The wall clock can be set; the monotonic one starts anew at every boot. The store's clock is the monotonic
// one plus an offset that is chosen once per boot and kept in the database, so that all processes of a
// machine agree and time never goes back: docs/decisions/0004-store-clock.md.

namespace msst::store::sqlite {

class Database;

// Names this boot of the machine; empty where the system does not say.
std::string current_boot_id();

class StoreClock {
public:
    // Milliseconds of store time.
    using Tick = int64_t;

    // Reads the offset of this boot, or chooses it: at the first opening after a boot every lease has run out
    // and the time that passed while the machine was off has passed. Writes at most one row.
    static StoreClock open(const Clock& clock, Database& database, const std::string& boot_id);

    // The same from an offset known already.
    StoreClock(const Clock& clock, int64_t offset_ms) : clock_(clock), offset_ms_(offset_ms) {}

    Tick tick() const { return clock_.monotonic().count() + offset_ms_; }
    Timestamp wall() const { return clock_.now(); }

    // The wall time of a tick, seen from now, and the tick of a wall time that a caller computed from the
    // wall clock of now: both keep the distance to now, whoever set the wall clock in between.
    Timestamp to_wall(Tick tick) const;
    Tick to_tick(Timestamp time) const;

private:
    const Clock& clock_;
    int64_t offset_ms_;
};

}  // namespace msst::store::sqlite
