#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/store_kinds.h"
#include "store/task_samples.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::store::testing {

using namespace std::chrono_literals;
using msst::testing::FakeClock;
using msst::testing::TempFolder;

// One empty store, with a clock that only the test moves. The suites of task_store_contract*.cpp hold every
// store to tasks/task_store.h.
class TaskStoreContract : public ::testing::TestWithParam<StoreKind> {
protected:
    static constexpr Milliseconds kLease = 30s;
    static constexpr Milliseconds kNoBackOff = 0s;
    static constexpr int kMaxLosses = 3;

    TempFolder folder;
    FakeClock clock;
    std::unique_ptr<tasks::TaskStore> store = open();

    std::unique_ptr<tasks::TaskStore> open() { return GetParam().open(folder.path(), clock); }

    tasks::Task add(const tasks::NewTask& task = song()) { return *store->add(task, kRoomForAll).task; }
    tasks::Lease claim(const std::string& worker = "worker") { return store->claim(worker, kLease).value(); }
    tasks::Task find(const tasks::Task& task) { return store->find(task.task_id).value(); }

    tasks::Task add_completed(const tasks::NewTask& task = song()) {
        const tasks::Task added = add(task);
        EXPECT_TRUE(store->complete(claim(), stems()));
        return find(added);
    }
};

inline std::string kind_name(const ::testing::TestParamInfo<StoreKind>& test) {
    return test.param.name;
}

}  // namespace msst::store::testing
