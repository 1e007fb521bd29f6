// The task store on SQLite: durable submissions, what workers write, and questions with many tasks recorded.
//
//   msst-store-bench --benchmark_filter=Add
//
// TMPDIR decides on which disk; a submission costs what that disk's sync costs, shared by who waits.
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "store/open.h"
#include "store/sqlite/database.h"
#include "store/task_samples.h"
#include "support/temp_folder.h"

namespace msst::store {
namespace {

using testing::kRoomForAll;
using testing::song;

// A data directory with `tasks` completed tasks of ten owners, all finished within the last day.
struct FilledStore {
    explicit FilledStore(int64_t tasks) {
        open_task_store(folder.path(), clock).reset();
        sqlite::Database database(folder / "msst.db", sqlite::Database::Access::read_write);
        const int64_t tick = database.read_integer("SELECT offset_ms FROM boots") + clock.monotonic().count();
        sqlite::Transaction transaction(database);
        database.run(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
            " INSERT INTO tasks (task_id, owner, status, epoch, stage, progress, model_type, request, input,"
            "   input_key, result, created_at, started_at, finished_at, created_tick, started_tick, "
            "finished_tick)"
            " SELECT printf('01890000-%04x-7000-8000-%012x', i / 65536, i), 'owner-' || (i % 10), "
            "'completed', 1,"
            "   'done', 100, 'dsp', '{\"model_type\":\"dsp\",\"instruments\":[\"vocals\",\"other\"]}',"
            "   '{\"filename\":\"a song with a usual name.mp3\",\"size_bytes\":7654321,\"format\":\"mp3\"}',"
            "   'uploads/' || i,"
            "   '{\"sources\":[{\"name\":\"vocals\",\"filename\":\"vocals.wav\",\"size_bytes\":17,\"sha256\":"
            "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}]}',"
            "   ?2, ?2, ?2, ?3, ?3, ?3 FROM n",
            tasks, clock.now(), tick);
        transaction.commit();
        store = open_task_store(folder.path(), clock);
    }

    msst::testing::TempFolder folder;
    SystemClock clock;
    std::unique_ptr<tasks::TaskStore> store;
};

FilledStore& filled(int64_t tasks) {
    static FilledStore small(100);
    static FilledStore large(100'000);
    return tasks <= 100 ? small : large;
}

void AddDurably(benchmark::State& state) {
    static std::unique_ptr<FilledStore> shared;
    if (state.thread_index() == 0) shared = std::make_unique<FilledStore>(1);
    for (auto _ : state) benchmark::DoNotOptimize(shared->store->add(song(), kRoomForAll));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(AddDurably)->ThreadRange(1, 16)->UseRealTime()->MinTime(1);

void WholeLifeOfATask(benchmark::State& state) {
    FilledStore filled(1);
    for (auto _ : state) {
        filled.store->add(song(), kRoomForAll);
        filled.store->complete(*filled.store->claim("worker", std::chrono::seconds(30)), testing::stems());
    }
}
BENCHMARK(WholeLifeOfATask)->UseRealTime();

void RenewAndReport(benchmark::State& state) {
    FilledStore filled(1);
    filled.store->add(song(), kRoomForAll);
    const tasks::Lease lease = *filled.store->claim("worker", std::chrono::hours(1));
    for (auto _ : state) {
        filled.store->renew(lease, std::chrono::hours(1));
        filled.store->report_progress(lease, 50, tasks::Stage::separating);
    }
}
BENCHMARK(RenewAndReport)->UseRealTime();

void CountRequest(benchmark::State& state) {
    FilledStore filled(1);
    for (auto _ : state) filled.store->count_request("key", /*limit=*/kRoomForAll);
}
BENCHMARK(CountRequest)->UseRealTime();

void FindTask(benchmark::State& state) {
    auto& store = *filled(state.range(0)).store;
    const std::string id = store.list({}).back().task_id;
    for (auto _ : state) benchmark::DoNotOptimize(store.find(id));
}
BENCHMARK(FindTask)->Arg(100)->Arg(100'000);

void ListPage(benchmark::State& state, const tasks::TaskQuery& query) {
    auto& store = *filled(state.range(0)).store;
    for (auto _ : state) benchmark::DoNotOptimize(store.list(query));
}

tasks::TaskQuery query_of(std::optional<std::string> owner, std::vector<tasks::TaskStatus> statuses,
                          const std::string& model) {
    tasks::TaskQuery query;
    query.owner = std::move(owner);
    query.statuses = std::move(statuses);
    query.model_type = model;
    query.limit = 10;
    return query;
}

using enum tasks::TaskStatus;
BENCHMARK_CAPTURE(ListPage, Newest, query_of(std::nullopt, {}, ""))->Arg(100)->Arg(100'000);
BENCHMARK_CAPTURE(ListPage, OfOwner, query_of("owner-3", {}, ""))->Arg(100)->Arg(100'000);
BENCHMARK_CAPTURE(ListPage, FailedNone, query_of(std::nullopt, {failed}, ""))->Arg(100)->Arg(100'000);
BENCHMARK_CAPTURE(ListPage, OfOwnerFailedOrCompleted, query_of("owner-3", {failed, completed}, ""))
    ->Arg(100)
    ->Arg(100'000);
BENCHMARK_CAPTURE(ListPage, OfModelNone, query_of(std::nullopt, {}, "other"))->Arg(100)->Arg(100'000);
BENCHMARK_CAPTURE(ListPage, OfOwnerAndModelNone, query_of("owner-3", {}, "other"))->Arg(100)->Arg(100'000);

void Statistics(benchmark::State& state) {
    auto& store = *filled(state.range(0)).store;
    for (auto _ : state) benchmark::DoNotOptimize(store.statistics());
}
BENCHMARK(Statistics)->Arg(100)->Arg(100'000);

void ExpiredFiles(benchmark::State& state) {
    auto& filled_store = filled(state.range(0));
    const Timestamp past = filled_store.clock.now() - std::chrono::hours(24);
    for (auto _ : state) benchmark::DoNotOptimize(filled_store.store->with_expired_files(past, past, 100));
}
BENCHMARK(ExpiredFiles)->Arg(100)->Arg(100'000);

// quick_check included.
void OpenStore(benchmark::State& state) {
    auto& filled_store = filled(state.range(0));
    for (auto _ : state)
        benchmark::DoNotOptimize(open_task_store(filled_store.folder.path(), filled_store.clock));
}
BENCHMARK(OpenStore)->Arg(100)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace msst::store
