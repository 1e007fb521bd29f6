#include "store/sqlite/listing.h"

#include <algorithm>

#include "store/sqlite/submission.h"
#include "store/sqlite/task_row.h"

namespace msst::store::sqlite {
namespace {

constexpr int kMostListed = 1000;
// Sorts after every task id.
constexpr const char* kAfterEveryId = "~";

// The ids of one page, newest first. A filter by status or model becomes one range of an index for each
// status, each read newest first, and the ranges are merged: nothing is ever scanned and thrown away. ?1
// before_task_id, ?2 limit, ?3 owner, ?4 model_type, ?5 … the statuses
std::string page_of_ids(const tasks::TaskQuery& query, size_t statuses) {
    // As a list of those few: with a condition on the column the page would not come from the index alone.
    static const std::string kNotErased =
        " AND task_id NOT IN (SELECT task_id FROM tasks INDEXED BY tasks_to_erase"
        " WHERE erase_requested_at IS NOT NULL)";
    const std::string filter = std::string(query.owner ? " AND owner = ?3" : "") +
                               (query.model_type.empty() ? "" : " AND model_type = ?4") +
                               (query.hides_erased ? kNotErased : "");
    const auto range = [&](const std::string& status) {
        return "SELECT task_id FROM (SELECT task_id FROM tasks WHERE task_id < ?1" + filter + status +
               " ORDER BY task_id DESC LIMIT ?2)";
    };
    if (statuses == 0) return range("");
    std::string ranges;
    for (size_t i = 0; i < statuses; ++i)
        ranges += (i > 0 ? " UNION ALL " : "") + range(" AND status = ?" + std::to_string(5 + i));
    return ranges;
}

// The statuses whose ranges make up the page; none: one range holds them all.
std::vector<tasks::TaskStatus> statuses_to_read(const tasks::TaskQuery& query) {
    using enum tasks::TaskStatus;
    std::vector<tasks::TaskStatus> statuses;
    for (const auto status : {pending, processing, completed, failed, cancelled})
        if (query.statuses.empty() || std::ranges::find(query.statuses, status) != query.statuses.end())
            statuses.push_back(status);
    if (query.statuses.empty() && query.model_type.empty()) statuses.clear();
    return statuses;
}

void read_totals(Database& db, tasks::StoreStatistics& statistics) {
    int64_t waits = 0;
    int64_t waited_ms = 0;
    Statement query =
        db.prepare("SELECT status, tasks, waits, waited_ms, processing_ms, audio_ms FROM totals");
    while (query.step()) {
        const int64_t tasks = query.integer(1);
        waits += query.integer(2);
        waited_ms += query.integer(3);
        switch (tasks::parse_task_status(query.text(0)).value()) {
            case tasks::TaskStatus::pending:
                statistics.pending = tasks;
                break;
            case tasks::TaskStatus::processing:
                statistics.processing = tasks;
                break;
            case tasks::TaskStatus::failed:
                statistics.failed = tasks;
                break;
            case tasks::TaskStatus::cancelled:
                statistics.cancelled = tasks;
                break;
            case tasks::TaskStatus::completed:
                statistics.completed = tasks;
                statistics.audio_seconds_processed = static_cast<double>(query.integer(5)) / 1000;
                if (tasks > 0)
                    statistics.average_processing_seconds =
                        static_cast<double>(query.integer(4)) / 1000 / static_cast<double>(tasks);
                break;
        }
    }
    if (waits > 0)
        statistics.average_wait_seconds = static_cast<double>(waited_ms) / 1000 / static_cast<double>(waits);
}

// The whole minutes of the last day by their sums, and the tasks of the minute in which it began one by one.
void read_last_day(Database& db, StoreClock::Tick now, tasks::StoreStatistics& statistics) {
    constexpr StoreClock::Tick kMinute = 60'000;
    constexpr StoreClock::Tick kDay = 24 * 60 * kMinute;
    const StoreClock::Tick begin = now - kDay;
    Statement recent = db.prepare(
        "SELECT status, sum(tasks) FROM ("
        "  SELECT status, tasks FROM finished_minutes WHERE minute > ?1"
        "  UNION ALL SELECT status, 1 FROM tasks INDEXED BY tasks_finished"
        "             WHERE finished_tick > ?2 AND finished_tick < ?3) GROUP BY status");
    recent.bind_all(begin / kMinute, begin, (begin / kMinute + 1) * kMinute);
    while (recent.step()) {
        const auto status = tasks::parse_task_status(recent.text(0));
        if (status == tasks::TaskStatus::completed) statistics.completed_24h = recent.integer(1);
        if (status == tasks::TaskStatus::failed) statistics.failed_24h = recent.integer(1);
    }
}

}  // namespace

std::optional<tasks::Task> find_task(Database& db, const StoreClock& clock, const std::string& task_id) {
    static const std::string kFind = select_task() + " FROM tasks WHERE task_id = ?1";
    Statement query = db.prepare(kFind);
    query.bind_all(task_id);
    if (!query.step()) return std::nullopt;
    return read_task(query, clock);
}

std::vector<tasks::Task> list_tasks(Database& db, const StoreClock& clock, const tasks::TaskQuery& query) {
    const auto statuses = statuses_to_read(query);
    Statement page = db.prepare(select_task() + " FROM tasks WHERE task_id IN (SELECT task_id FROM (" +
                                page_of_ids(query, statuses.size()) +
                                ") ORDER BY task_id DESC LIMIT ?2) ORDER BY task_id DESC");
    page.bind_all(query.before_task_id.empty() ? std::string(kAfterEveryId) : query.before_task_id,
                  std::clamp(query.limit, 0, kMostListed));
    if (query.owner) page.bind(3, *query.owner);
    if (!query.model_type.empty()) page.bind(4, query.model_type);
    for (size_t i = 0; i < statuses.size(); ++i) page.bind(5 + static_cast<int>(i), to_string(statuses[i]));
    return read_tasks(page, clock);
}

std::optional<int64_t> find_queue_position(Database& db, const std::string& task_id) {
    Statement query = db.prepare("SELECT seq FROM tasks WHERE task_id = ?1 AND status = 'pending'");
    query.bind_all(task_id);
    if (!query.step()) return std::nullopt;
    return count_pending_before(db, query.integer(0));
}

tasks::StoreStatistics read_statistics(Database& db, const StoreClock& clock) {
    tasks::StoreStatistics statistics;
    read_totals(db, statistics);

    Statement oldest = db.prepare(
        "SELECT created_at FROM tasks INDEXED BY tasks_ready WHERE status = 'pending' ORDER BY seq LIMIT 1");
    if (oldest.step()) statistics.oldest_pending = oldest.time(0);

    read_last_day(db, clock.tick(), statistics);
    return statistics;
}

}  // namespace msst::store::sqlite
