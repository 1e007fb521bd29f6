#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/thread_pool.hpp>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "http/router.h"
#include "http/routes/routes.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"

// The routes on real stores in a temporary folder, with a fake prober, asked without a socket.

namespace msst::http::testing {

struct Reply {
    int status = 0;
    HeaderList headers;
    std::string body;

    // Empty where there is none.
    std::string header(const std::string& name) const;
    nlohmann::json json() const { return nlohmann::json::parse(body); }
};

struct Ask {
    std::string method = "GET";
    std::string target;  // "/api/v1/tasks?limit=2"
    HeaderList headers;
    std::string body;
    std::string owner;                                      // as the authentication gate would set it
    size_t piece_bytes = 65536;                             // of the body at each read
    std::function<void()> during;                           // called once, when the body is first read
    std::function<void(const std::string&)> on_write = {};  // told every piece of a stream
};

// A part of a multipart body.
struct Part {
    std::string name;
    std::string value;
    std::optional<std::string> file_name;
};

class Service {
public:
    explicit Service(Settings settings = {});
    ~Service();

    Reply ask(const Ask& ask);
    Reply get(const std::string& target, const std::string& owner = "");

    // POST /api/v1/separate with these parts.
    static Ask submission(const std::vector<Part>& parts);
    Reply submit(const std::vector<Part>& parts);

    // A task that a client has submitted; its id.
    std::string add_task(const std::string& owner = "");

    // Installs the model "large", which needs so much of a device's memory.
    void install_large_model(int64_t device_bytes);

    // Another server on the same stores.
    void restart();

    // A worker takes the oldest task and publishes these stems (name and bytes).
    tasks::Lease claim();
    void complete(const tasks::Lease& lease, const std::vector<std::pair<std::string, std::string>>& stems);
    std::string completed_task(const std::vector<std::pair<std::string, std::string>>& stems);

    // Files below the folder of the blob store that hold anything: uploads, results, temporary ones.
    std::vector<std::string> stored_files() const;

    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    Log log{"", LogLevel::error};
    boost::asio::thread_pool pool{2};
    std::unique_ptr<tasks::TaskStore> store;
    std::unique_ptr<tasks::BlobStore> blobs;
    std::unique_ptr<catalog::Catalog> catalog;
    tasks::AudioFacts audio{.format = "wav", .duration_seconds = 60, .sample_rate = 44100, .channels = 2};
    std::function<void()> before_audio_check = [] {};
    WorkerStatus workers{
        .configured = 1, .alive = 1, .busy = 0, .restarts = 0, .gpus = {}, .is_draining = false};
    int wake_ups = 0;
    std::unique_ptr<Routes> routes;
    std::unique_ptr<Router> router;

private:
    Settings settings_;
};

Part file_part(const std::string& bytes = "RIFF of a song", const std::string& file_name = "song.wav");

}  // namespace msst::http::testing
