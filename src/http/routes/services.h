#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tasks/audio_check.h"

namespace boost::asio {
class thread_pool;
}

namespace msst {
class Log;
}

namespace msst::tasks {
class BlobStore;
class TaskStore;
}  // namespace msst::tasks

namespace msst::catalog {
class Catalog;
}

// What the routes stand on. The program builds the parts and hands them down; all of them outlive the server.

namespace msst::http {

// What the routes need of the configuration.
struct Settings {
    std::string version;
    int64_t max_file_bytes = 500'000'000;
    int64_t max_queued_tasks = 1000;
    double max_audio_seconds = 6 * 3600.0;
    int64_t degraded_free_disk = 10'000'000'000;
    int64_t reserve_free_disk = 1'000'000'000;
    Milliseconds completed_retention{24 * 3'600'000};  // of the files of completed tasks
    Milliseconds failed_retention{24 * 3'600'000};     // of those of failed and cancelled ones

    int max_event_streams = 200;
    Milliseconds event_poll{500};          // how often a stream looks at its task
    Milliseconds event_heartbeat{15'000};  // without another event
    Milliseconds delete_patience{5'000};   // how long DELETE waits for a worker to stop
};

struct DeviceStatus {
    std::string name;  // "cpu", "cuda:0"
    int64_t total_bytes = 0;
    int64_t free_bytes = 0;
};

struct WorkerSlotStatus {
    std::string name;
    std::string device;
    bool is_alive = false;
    bool is_busy = false;
    std::string model;  // that it holds ready; empty: none
};

struct WorkerStatus {
    int configured = 0;
    int alive = 0;
    int busy = 0;
    int64_t restarts = 0;           // since the server started
    std::vector<std::string> gpus;  // "cuda:0 NVIDIA H200"; empty: none is used
    bool is_draining = false;       // the server is shutting down
    std::vector<WorkerSlotStatus> slots = {};
    std::vector<DeviceStatus> devices = {};            // those that a worker has spoken of
    std::optional<int64_t> largest_device_bytes = {};  // none: not known yet
};

struct Services {
    tasks::TaskStore& store;
    tasks::BlobStore& blobs;
    const catalog::Catalog& catalog;
    const Clock& clock;
    Log& log;
    boost::asio::thread_pool& blocking;  // for what waits: database, disk, the prober
    tasks::AudioCheck audio_check;
    std::function<WorkerStatus()> worker_status;  // thread-safe, does not block
    std::function<void()> on_task_added;  // a worker should look at the queue; thread-safe, does not block
    Settings settings;
};

}  // namespace msst::http
