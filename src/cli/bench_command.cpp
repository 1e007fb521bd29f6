#include "cli/bench_command.h"

#include <memory>
#include <ostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/error.h"
#include "cli/bench.h"
#include "cli/bench_report.h"
#include "cli/interrupt.h"

namespace msst::cli {
namespace {

struct BenchWords {
    BenchOptions options;
    bool has_random_weights = false;
    bool is_json = false;
};

constexpr const char* kBenchExamples =
    "Examples:\n"
    "  msst bench --config_path config.yaml --random-weights --threads 1\n"
    "  msst bench --config_path config.yaml --start_check_point model.ckpt --precision float32 --profile";

void add_options(CLI::App& command, BenchWords& words) {
    BenchOptions& options = words.options;
    command.add_option("--config_path", options.config_path, "MSST's config.yaml of the model")
        ->type_name("FILE")
        ->required();
    auto* checkpoint = command.add_option("--start_check_point", options.checkpoint_path, "Its checkpoint")
                           ->type_name("FILE");
    command.add_flag("--random-weights", words.has_random_weights, "Made-up weights instead of a checkpoint")
        ->excludes(checkpoint);
    command.add_option("--model_type", options.architecture, "MSST's type, where config.yaml does not tell");
    command.add_option("--device", options.device, "cpu, or reference: plain loops")->capture_default_str();
    command.add_option("--precision", options.precision, "Of matrix products")
        ->check(CLI::IsMember({"auto", "float32", "bfloat16", "float16"}))
        ->capture_default_str();
    command.add_option("--threads", options.threads, "0: every core")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command.add_option("--runs", options.runs, "Counted runs, after one that warms up")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command.add_flag("--profile", options.has_profile, "Time by operation");
    command.add_flag("--json", words.is_json, "JSON instead of text");
}

int run_bench(const BenchWords& words, const Wiring& wiring) {
    if (words.options.checkpoint_path.empty() && !words.has_random_weights) {
        wiring.err << "msst bench: name a checkpoint with --start_check_point, or say --random-weights\n";
        return kUsage;
    }
    const Interrupt interrupt;
    try {
        const BenchResult result = run_bench(words.options, interrupt.token());
        wiring.out << (words.is_json ? to_json(result) : to_text(result));
        return kSuccess;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) return kInterrupted;
        wiring.err << "msst bench: " << error.what() << "\n";
        return kFailure;
    }
}

}  // namespace

void add_bench_command(CLI::App& app, const Wiring& wiring, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("bench", "How fast a model runs here, beside the machine's own peak");
    const auto words = std::make_shared<BenchWords>();
    add_options(*command, *words);
    command->footer(kBenchExamples);
    command->callback([words, &wiring, &exit_code] { exit_code = run_bench(*words, wiring); });
}

}  // namespace msst::cli
