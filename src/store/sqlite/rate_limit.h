#pragma once

#include <string>

#include "store/sqlite/database.h"
#include "store/sqlite/store_clock.h"
#include "tasks/task_store.h"

namespace msst::store::sqlite {

// Counts one request of `key`, if the hour that ends now holds fewer than `limit`. Within a write
// transaction.
//
// Exact at every edge: each counted request is in the log with its millisecond of store time (equal ones
// share a row), and the sum of a key's rows is kept beside it, so that a request costs the same whatever the
// limit. Keys that fell silent are removed when new ones appear.
tasks::TaskStore::RateDecision count_one_request(Database& db, const StoreClock& clock,
                                                 const std::string& key, int64_t limit);

}  // namespace msst::store::sqlite
