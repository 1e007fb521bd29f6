#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "store/sqlite/database.h"

namespace msst::store::sqlite {

// A few read-only connections, so that a question about a task never waits for somebody's commit, only now
// and then for the moment in which the log starts again. Thread-safe.
class ReaderPool {
public:
    explicit ReaderPool(std::filesystem::path file) : file_(std::move(file)) {}

    // While it lives nobody reads: whoever asks waits for its end. One at a time.
    class Pause {
    public:
        explicit Pause(ReaderPool& pool) : pool_(pool) {}
        ~Pause() { pool_.go_on(); }
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;

    private:
        ReaderPool& pool_;
    };

    // None: somebody still read when `patience` was over.
    std::unique_ptr<Pause> pause(std::chrono::milliseconds patience);

    // Calls question(Database&) on a connection of its own and returns its answer. Waits while all are in
    // use.
    template <typename Question>
    auto ask(Question question) {
        Borrowed database(*this);
        return question(*database);
    }

private:
    // Gives the connection back, or closes it if it broke.
    class Borrowed {
    public:
        explicit Borrowed(ReaderPool& pool) : pool_(pool), database_(pool.take()) {}
        ~Borrowed() { pool_.put_back(std::move(database_)); }
        Borrowed(const Borrowed&) = delete;
        Borrowed& operator=(const Borrowed&) = delete;
        Database& operator*() { return *database_; }

    private:
        ReaderPool& pool_;
        std::unique_ptr<Database> database_;
    };

    std::unique_ptr<Database> take();
    void put_back(std::unique_ptr<Database> database);
    void go_on();

    std::filesystem::path file_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Database>> idle_;  // guarded by mutex_
    int in_use_ = 0;                               // guarded by mutex_
    bool is_paused_ = false;                       // guarded by mutex_
};

}  // namespace msst::store::sqlite
