#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/reader_pool.h"

// The one writing connection of a process, with group commit: whoever comes while a transaction is being
// synced waits and shares the next one, so that many submitters cost one sync. Each job has a savepoint of
// its own, so a job that throws takes nothing else with it. Thread-safe.

namespace msst::store::sqlite {

enum class Durability {
    synced,   // on disk when run() returns: synchronous=FULL
    relaxed,  // survives the process but perhaps not a power cut: synchronous=NORMAL; for what a boot voids
              // anyway
};

class WriteQueue {
public:
    // `readers`: of the same process and file, which pause for a moment when the log has to start again.
    WriteQueue(std::filesystem::path file, ReaderPool& readers) : file_(std::move(file)), readers_(readers) {}

    // Calls job(Database&) inside a write transaction and returns its answer once that is committed. The job
    // must not begin or end transactions; it runs on any thread that waits here. Throws what the job throws,
    // or why the commit failed: then nothing of it is there, or (after an I/O error) the outcome is unknown.
    template <typename Job>
    auto run(Durability durability, Job job) {
        using Answer = std::invoke_result_t<Job, Database&>;
        if constexpr (std::is_void_v<Answer>) {
            wait_for({.durability = durability, .job = std::move(job)});
        } else {
            std::optional<Answer> answer;
            wait_for({.durability = durability, .job = [&](Database& db) { answer.emplace(job(db)); }});
            return std::move(*answer);
        }
    }

private:
    struct Ticket {
        Durability durability;
        std::function<void(Database&)> job;
        std::exception_ptr error = nullptr;
        bool is_done = false;
    };
    using Batch = std::vector<Ticket*>;

    void wait_for(Ticket ticket);
    Batch take_batch();
    void lead(Batch& batch);
    void commit(Batch& batch);
    Database& open_connection(Durability durability);
    void keep_log_short();
    bool truncate_log();

    std::filesystem::path file_;
    ReaderPool& readers_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Ticket*> waiting_;  // guarded by mutex_
    bool has_leader_ = false;      // guarded by mutex_

    // The leader's alone.
    std::unique_ptr<Database> database_;
    Durability connection_durability_ = Durability::synced;
    int pages_copied_ = 0;  // of the log, when it was last copied
    std::chrono::steady_clock::time_point next_truncation_{};
};

}  // namespace msst::store::sqlite
