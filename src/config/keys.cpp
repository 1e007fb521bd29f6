#include "config/keys.h"

#include "config/api_keys.h"
#include "config/devices.h"
#include "config/models.h"
#include "config/readers.h"

namespace msst::config {
namespace {

constexpr int64_t kNoLimit = 1'000'000'000;
constexpr int64_t kTerabyte = 1'000'000'000'000;
constexpr double kHour = 3600;
constexpr double kYearHours = 24 * 366;

KeyGroup server_keys() {
    return {"The server",
            {host_key({"host", "address to listen on; one that others can reach needs enable_auth"}),
             whole_key({"port", "0 picks a free port and prints it"}, &Config::port, {0, 65535}),
             size_key({"max_file_size", "of one upload"}, &Config::max_file_size, {1, kTerabyte}),
             path_key({"data_dir", "database, uploads and results; made if missing, for its owner only"},
                      &Config::data_dir),
             log_file_key({"log_file", "JSON lines; - is standard output, auto is msst.log in data_dir"}),
             word_key({"log_level", "least important events that are logged"}, &Config::log_level,
                      {"debug", "info", "warning", "error"}),
             seconds_key({"drain_seconds", "how long running work may take to end at SIGTERM"},
                         &Config::drain, {0, 3600, 1})}};
}

KeyGroup access_keys() {
    return {
        "Access",
        {flag_key({"enable_auth", "every request needs an API key"}, &Config::enable_auth),
         api_keys_key({"api_keys", "in clear or as sha256:<hex>; only hashes are kept in memory"}),
         flag_key({"allow_public_without_auth", "start on a public address although anybody may use it"},
                  &Config::allow_public_without_auth),
         flag_key({"enable_rate_limit", "count requests per key, or per client address without keys"},
                  &Config::enable_rate_limit),
         whole_key({"requests_per_hour", "of one key or client"}, &Config::requests_per_hour, {1, kNoLimit}),
         whole_or_key({"status_requests_per_hour", "a budget of its own for GET and HEAD"},
                      &Config::status_requests_per_hour, "none", {1, kNoLimit})}};
}

KeyGroup model_keys() {
    return {"Models and devices",
            {model_name_key({"default_model_type", "used when a request names none"}),
             path_key({"models_dir", "each folder in it with a configuration and a checkpoint is a model"},
                      &Config::models_dir),
             models_key({"models", "further models, from anywhere"}),
             devices_key({"devices", "what models run on; auto takes every GPU, else the CPU"}),
             word_key({"precision", "of matrix products; auto takes what the device does best"},
                      &Config::precision, {"auto", "float32", "bfloat16", "float16"}),
             whole_or_key(
                 {"cpu_threads", "of one task on a CPU; auto: every core, shared out among the tasks there"},
                 &Config::cpu_threads, "auto", {1, 1024})}};
}

KeyGroup task_keys() {
    return {
        "Tasks",
        {whole_or_key({"worker_threads", "tasks at once; auto is one per device, and a CPU takes one"},
                      &Config::worker_threads, "auto", {1, 256}),
         flag_key({"allow_cpu_concurrency", "let worker_threads count on a CPU too; needs the memory"},
                  &Config::allow_cpu_concurrency),
         whole_key({"max_queued_tasks", "above it submissions get 503"}, &Config::max_queued_tasks,
                   {1, 1'000'000}),
         hours_key({"max_audio_hours", "length of one input, checked while it is decoded too"},
                   &Config::max_audio_hours, {0.001, 1000, kHour}),
         whole_key({"max_attempts", "how often a task may lose its worker"}, &Config::max_attempts, {1, 100}),
         seconds_key({"lease_seconds", "a worker that is silent for so long has lost its task"},
                     &Config::lease, {1, 3600, 1}),
         seconds_key({"progress_timeout_seconds", "a worker without progress for so long is taken for hung"},
                     &Config::progress_timeout, {1, 86400, 1})}};
}

KeyGroup retention_keys() {
    return {"Retention and disk space",
            {hours_key({"cleanup_retention_hours", "audio of completed tasks"},
                       &Config::cleanup_retention_hours, {0, kYearHours * 100, kHour}),
             hours_key({"failed_retention_hours", "partial output of failed and cancelled tasks"},
                       &Config::failed_retention_hours, {0, kYearHours * 100, kHour}),
             hours_key({"metadata_retention_hours", "records of finished tasks"},
                       &Config::metadata_retention_hours, {0, kYearHours * 100, kHour}),
             size_key({"degraded_free_disk", "health reports degraded below it"}, &Config::degraded_free_disk,
                      {0, 1000 * kTerabyte}),
             size_key({"reserve_free_disk", "submissions are refused below it"}, &Config::reserve_free_disk,
                      {0, 1000 * kTerabyte})}};
}

}  // namespace

const std::vector<KeyGroup>& key_groups() {
    static const std::vector<KeyGroup> kGroups = {server_keys(), access_keys(), model_keys(), task_keys(),
                                                  retention_keys()};
    return kGroups;
}

const Key* find_key(std::string_view name) {
    for (const KeyGroup& group : key_groups())
        for (const Key& key : group.keys)
            if (key.name == name) return &key;
    return nullptr;
}

std::vector<std::string> key_names() {
    std::vector<std::string> names;
    for (const KeyGroup& group : key_groups())
        for (const Key& key : group.keys) names.push_back(key.name);
    return names;
}

std::string variable_name(std::string_view key) {
    std::string name = "MSST_";
    for (const char c : key) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

}  // namespace msst::config
