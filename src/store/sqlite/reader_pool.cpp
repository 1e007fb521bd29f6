#include "store/sqlite/reader_pool.h"

namespace msst::store::sqlite {
namespace {

constexpr int kMostReaders = 4;

}  // namespace

std::unique_ptr<Database> ReaderPool::take() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !is_paused_ && in_use_ < kMostReaders; });
    ++in_use_;
    if (!idle_.empty()) {
        auto database = std::move(idle_.back());
        idle_.pop_back();
        return database;
    }
    lock.unlock();
    try {
        return std::make_unique<Database>(file_, Database::Access::read_only);
    } catch (...) {
        put_back(nullptr);
        throw;
    }
}

void ReaderPool::put_back(std::unique_ptr<Database> database) {
    {
        const std::lock_guard lock(mutex_);
        --in_use_;
        if (database && !database->is_broken()) idle_.push_back(std::move(database));
    }
    freed_.notify_all();
}

std::unique_ptr<ReaderPool::Pause> ReaderPool::pause(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    is_paused_ = true;
    auto pause = std::make_unique<Pause>(*this);
    if (freed_.wait_for(lock, patience, [this] { return in_use_ == 0; })) return pause;
    lock.unlock();
    return nullptr;
}

void ReaderPool::go_on() {
    {
        const std::lock_guard lock(mutex_);
        is_paused_ = false;
    }
    freed_.notify_all();
}

}  // namespace msst::store::sqlite
