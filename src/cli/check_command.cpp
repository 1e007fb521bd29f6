#include "cli/check_command.h"

#include <memory>
#include <optional>
#include <ostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/error.h"
#include "cli/open_catalog.h"
#include "config/example.h"
#include "config/load.h"

namespace msst::cli {
namespace {

struct CheckWords {
    std::string config_file;
    bool is_example = false;
    bool is_table = false;
};

constexpr const char* kCheckExamples =
    "Examples:\n"
    "  msst check -c msst.yaml\n"
    "  MSST_PORT=9000 msst check\n"
    "\n"
    "Exit codes: 0 a server would start with it, 1 it would not.";

int check_file(const CheckWords& words, const Wiring& wiring) {
    std::optional<std::filesystem::path> file;
    if (!words.config_file.empty()) file = words.config_file;
    const config::Loaded loaded = config::load_config(file, wiring.environment);
    for (const std::string& warning : loaded.warnings) wiring.err << "warning: " << warning << "\n";
    const catalog::Catalog catalog = open_catalog(loaded.config, wiring.has_engine, wiring.examine);
    for (const catalog::Model& model : catalog.all())
        if (model.state != catalog::ModelState::available)
            wiring.err << "warning: model " << model.model_type << ": " << model.problem << "\n";
    wiring.out << config::show_config_without_secrets(loaded.config);
    return kSuccess;
}

int run_check(const CheckWords& words, const Wiring& wiring) {
    if (words.is_example) wiring.out << config::example_file();
    if (words.is_table) wiring.out << config::markdown_table();
    if (words.is_example || words.is_table) return kSuccess;
    try {
        return check_file(words, wiring);
    } catch (const Error& error) {
        wiring.err << error.what() << "\n";
        return kFailure;
    }
}

}  // namespace

void add_check_command(CLI::App& app, const Wiring& wiring, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("check", "Read a configuration file and say what is wrong with it");
    const auto words = std::make_shared<CheckWords>();
    command->add_option("-c,--config", words->config_file, "The file (default msst.yaml)");
    // For msst.example.yaml and docs/configuration.md; group "" hides them from the help.
    command->add_flag("--print-example", words->is_example)->group("");
    command->add_flag("--print-table", words->is_table)->group("");
    command->footer(kCheckExamples);
    command->callback([words, &wiring, &exit_code] { exit_code = run_check(*words, wiring); });
}

}  // namespace msst::cli
