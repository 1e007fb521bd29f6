#include "cli/models_command.h"

#include <functional>
#include <memory>
#include <optional>
#include <ostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/open_catalog.h"
#include "cli/weight_report_text.h"
#include "config/load.h"

namespace msst::cli {
namespace {

using catalog::Catalog;
using catalog::Model;
using catalog::ModelState;
using Json = nlohmann::ordered_json;

struct ModelsWords {
    std::string config_file;
    std::string name;  // empty: every model
    bool is_json = false;
};

constexpr const char* kModelsExamples =
    "Examples:\n"
    "  msst models list\n"
    "  msst models show kim_vocals --json\n"
    "  msst models verify -c /etc/msst/msst.yaml\n"
    "\n"
    "A model is a folder below models_dir with MSST's config.yaml and a checkpoint.";

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

void add_facts(Json& json, const catalog::NetworkFacts& facts) {
    json["checkpoint_bytes"] = facts.checkpoint_bytes;
    json["parameters"] = facts.parameters;
    json["chunk_seconds"] = facts.chunk_seconds;
    json["num_overlap"] = facts.num_overlap;
    json["device_bytes"] = facts.device_bytes;
    json["gflop_per_second_of_audio"] = facts.gflop_per_second_of_audio;
    json["warnings"] = facts.warnings;
}

Json to_json(const Model& model, const Catalog& catalog) {
    Json json = {{"model_type", model.model_type},
                 {"architecture", model.architecture},
                 {"state", catalog::to_string(model.state)},
                 {"default", model.model_type == catalog.default_model_type()},
                 {"instruments", model.instruments},
                 {"sample_rate", model.sample_rate},
                 {"stereo", model.stereo},
                 {"config_path", model.config_path.string()},
                 {"checkpoint_path", model.checkpoint_path.string()}};
    if (!model.problem.empty()) json["problem"] = model.problem;
    if (model.network) add_facts(json, *model.network);
    return json;
}

std::string dump(const Json& json) {
    return json.dump(/*indent=*/2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

// The model by its name, or every one.
std::vector<const Model*> choose(const Catalog& catalog, const std::string& name) {
    std::vector<const Model*> chosen;
    std::vector<std::string> names;
    for (const Model& model : catalog.all()) {
        names.push_back(model.model_type);
        if (name.empty() || model.model_type == name) chosen.push_back(&model);
    }
    if (chosen.empty())
        throw Error(ErrorCode::not_found, "no model is called '" + name + "'; there are: " + joined(names));
    return chosen;
}

int list_models(const Catalog& catalog, const ModelsWords& words, const Wiring& wiring) {
    Json list = Json::array();
    for (const Model* model : choose(catalog, words.name)) {
        list.push_back(to_json(*model, catalog));
        if (words.is_json) continue;
        wiring.out << (model->model_type == catalog.default_model_type() ? "* " : "  ") << model->model_type;
        if (model->state == ModelState::available)
            wiring.out << "  " << model->architecture << "  " << joined(model->instruments) << "\n";
        else
            wiring.out << "  " << catalog::to_string(model->state) << ": " << model->problem << "\n";
    }
    if (words.is_json) wiring.out << dump({{"models", list}}) << "\n";
    return kSuccess;
}

int show_model(const Catalog& catalog, const ModelsWords& words, const Wiring& wiring) {
    const Json json = to_json(*choose(catalog, words.name).front(), catalog);
    if (words.is_json) {
        wiring.out << dump(json) << "\n";
        return kSuccess;
    }
    for (const auto& [field, value] : json.items()) {
        std::string text = value.is_string() ? value.get<std::string>() : value.dump();
        if (value.is_array()) text = joined(value.get<std::vector<std::string>>());
        if (!text.empty()) wiring.out << field << ": " << text << "\n";
    }
    return kSuccess;
}

// What was found out about a model by looking at its files and loading it.
struct Finding {
    std::string fault;                           // empty: it is in order
    std::optional<model::WeightReport> weights;  // of networks whose files can be read
};

Finding verify_model(const Model& model, const Wiring& wiring) {
    Finding finding;
    const bool has_files = !model.checkpoint_path.empty() && model.state != ModelState::missing_checkpoint &&
                           model.state != ModelState::unsupported;
    try {
        if (has_files && wiring.report_weights) finding.weights = wiring.report_weights(model);
        if (finding.weights && !finding.weights->fits())
            finding.fault = summarise(*finding.weights);
        else if (model.state != ModelState::available)
            finding.fault = model.problem;
        else
            wiring.make_separator(model, {.devices = {"cpu"}});
    } catch (const std::exception& error) {
        finding.fault = model.state == ModelState::available ? error.what() : model.problem;
    }
    return finding;
}

int verify_models(const Catalog& catalog, const ModelsWords& words, const Wiring& wiring) {
    Json list = Json::array();
    int exit_code = kSuccess;
    for (const Model* model : choose(catalog, words.name)) {
        const Finding finding = verify_model(*model, wiring);
        if (!finding.fault.empty()) exit_code = kFailure;
        list.push_back({{"model_type", model->model_type}, {"ok", finding.fault.empty()}});
        if (!finding.fault.empty()) list.back()["problem"] = finding.fault;
        if (finding.weights) list.back()["weights"] = report_json(*finding.weights);
        if (words.is_json) continue;
        wiring.out << model->model_type << ": " << (finding.fault.empty() ? "ok" : finding.fault) << "\n";
        if (finding.weights) wiring.out << to_text(*finding.weights);
    }
    if (words.is_json) wiring.out << dump({{"models", list}}) << "\n";
    return exit_code;
}

using Action = std::function<int(const Catalog&, const ModelsWords&, const Wiring&)>;

int run_models(const Action& action, const ModelsWords& words, const Wiring& wiring) {
    try {
        std::optional<std::filesystem::path> file;
        if (!words.config_file.empty()) file = words.config_file;
        const config::Loaded loaded = config::load_config(file, wiring.environment);
        return action(open_catalog(loaded.config, wiring.has_engine, wiring.examine), words, wiring);
    } catch (const Error& error) {
        wiring.err << "msst models: " << error.what() << "\n";
        return kFailure;
    }
}

}  // namespace

void add_models_command(CLI::App& app, const Wiring& wiring, int& exit_code) {
    CLI::App* models = app.add_subcommand("models", "What is installed, and whether it works");
    models->require_subcommand(1);
    models->footer(kModelsExamples);
    const auto words = std::make_shared<ModelsWords>();
    const auto add = [&](const char* name, const char* help, const Action& action) {
        CLI::App* command = models->add_subcommand(name, help);
        command->add_option("-c,--config", words->config_file, "Configuration of msst (default msst.yaml)");
        command->add_flag("--json", words->is_json, "JSON instead of text");
        command->callback([=, &wiring, &exit_code] { exit_code = run_models(action, *words, wiring); });
        return command;
    };
    add("list", "Every model; * marks the default", list_models);
    add("show", "One model", show_model)->add_option("name", words->name, "Its name")->required();
    add("verify",
        "Compare every model, or one, with its checkpoint name by name, load it, and say what is wrong",
        verify_models)
        ->add_option("name", words->name, "Its name");
}

}  // namespace msst::cli
