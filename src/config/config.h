#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// The administrator's configuration: one flat YAML or JSON file, every key overridable as MSST_<KEY> in the
// environment. docs/configuration.md lists the keys; this struct holds their defaults.

namespace msst::config {

struct ApiKey {
    std::string name;    // for logs and ownership; "key-1", "key-2" … where none is given
    std::string sha256;  // lower-case hex of the key; the key itself is not kept
};

struct ModelEntry {
    std::string model_type;
    std::string architecture;
    std::filesystem::path config_path;
    std::filesystem::path checkpoint_path;
};

// A device that computes nothing, for tests of an installation.
struct SimulatedDevice {
    std::string name;
    int64_t memory = 0;                 // bytes
    double speed = 0;                   // seconds of audio in a second; 0: at once
    std::string fault = "none";         // none hold hang crash error
    std::filesystem::path fault_while;  // the fault lasts while this file exists; empty: always
};

struct Config {
    // Named by requirements R10.4-10.6.
    std::string host = "127.0.0.1";
    int port = 8000;  // 0: the system picks a free one
    int64_t max_file_size = 500'000'000;
    std::optional<int> worker_threads;  // none: one per device
    double cleanup_retention_hours = 24;
    std::string default_model_type = "dsp";
    bool enable_auth = false;
    std::vector<ApiKey> api_keys;
    bool allow_public_without_auth = false;  // else a host that others can reach needs enable_auth
    bool enable_rate_limit = false;
    int64_t requests_per_hour = 100;

    std::filesystem::path data_dir = "./msst-data";
    std::filesystem::path models_dir = "./models";
    std::vector<ModelEntry> models;
    double failed_retention_hours = 24;
    double metadata_retention_hours = 168;
    int64_t max_queued_tasks = 1000;
    double max_audio_hours = 6;
    std::vector<std::string> devices;                // empty: auto
    std::vector<SimulatedDevice> simulated_devices;  // of those in `devices`
    std::string precision = "auto";                  // auto float32 bfloat16 float16
    std::optional<int> cpu_threads;                  // none: every core
    bool allow_cpu_concurrency = false;
    int max_attempts = 3;
    std::chrono::milliseconds lease{30'000};
    std::chrono::milliseconds progress_timeout{300'000};
    std::chrono::milliseconds drain{30'000};
    int64_t degraded_free_disk = 10'000'000'000;
    int64_t reserve_free_disk = 1'000'000'000;
    std::optional<int64_t> status_requests_per_hour;
    std::string log_file;  // empty: msst.log in data_dir; "-": standard output
    std::string log_level = "info";
};

}  // namespace msst::config
