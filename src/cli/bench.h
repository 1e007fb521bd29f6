#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/peak/matrix_gauge.h"
#include "cli/run_profile.h"

namespace msst::cli {

// `msst bench` after its command line is read.
struct BenchOptions {
    std::string architecture;  // MSST's model type; empty: as the configuration says
    std::filesystem::path config_path;
    std::filesystem::path checkpoint_path;  // empty: made-up weights
    std::string device = "cpu";             // or the name of a backend
    std::string precision = "auto";
    int threads = 0;  // 0: every core
    int runs = 3;     // counted ones, after one that warms up
    bool has_profile = false;
};

struct BenchResult {
    std::string architecture;
    std::string backend;
    int64_t parameters = 0;
    double chunk_seconds = 0;  // of audio
    int num_overlap = 1;
    double load_seconds = 0;                // reading, converting and packing the weights
    std::vector<double> run_seconds;        // of each counted run of one chunk
    std::vector<double> processor_seconds;  // the same by processor time, of one thread
    double flops_per_chunk = 0;
    int64_t device_bytes = 0;    // as planned
    int64_t peak_rss_bytes = 0;  // of the process so far (VmHWM)
    // Of this machine: the best product before, between and after the runs, and all that were run in
    // between, at the end of a run and once a second between two operations.
    backend::MatrixSpeeds peak;
    backend::MatrixSpeeds usual;
    std::vector<RunProfile::Entry> profile;
    std::vector<std::string> warnings;

    double median_seconds() const;
    double flops_per_second() const;
    // The same by processor time: what it would be if nobody else wanted the cores.
    double flops_per_processor_second() const;
    // Seconds of a long song that are separated in one second, overlap included.
    double audio_seconds_per_second() const;
};

// Runs one chunk of noise again and again. Throws Error as separation::plan_network and
// backend::open_backend, Error(cancelled) when `stop` was requested.
BenchResult run_bench(const BenchOptions& options, const std::stop_token& stop);

}  // namespace msst::cli
