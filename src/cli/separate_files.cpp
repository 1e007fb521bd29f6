#include "cli/separate_files.h"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <utility>

#include "audio/writer.h"
#include "base/error.h"
#include "base/text.h"
#include "catalog/build.h"
#include "cli/open_catalog.h"
#include "cli/progress_bar.h"
#include "cli/song_plan.h"
#include "cli/song_report.h"
#include "config/load.h"
#include "config/similar.h"
#include "separation/song.h"

namespace msst::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRemainder = "instrumental";

config::Loaded load_settings(const SeparateOptions& options, const Wiring& wiring) {
    // Without -c a missing file is nothing to talk about here: there is no server to configure.
    const bool has_file = options.config_file || fs::exists(config::kDefaultFile);
    if (options.config_file && !fs::exists(*options.config_file))
        throw Error(ErrorCode::invalid_input, options.config_file->string() + ": no such file");
    return has_file ? config::load_config(options.config_file, wiring.environment)
                    : config::parse_config("", config::kDefaultFile, wiring.environment);
}

// The model of --config_path and --start_check_point.
catalog::Model read_given_model(const SeparateOptions& options, const Wiring& wiring) {
    if (options.checkpoint_paths.empty())
        throw Error(ErrorCode::invalid_input, "--config_path and --start_check_point belong together");
    const auto& paths = options.checkpoint_paths;
    const std::string name = "given";
    const catalog::Catalog catalog = catalog::build_catalog({.models_dir = {},
                                                             .models = {{name,
                                                                         options.model_type,
                                                                         options.config_path,
                                                                         paths.front(),
                                                                         {paths.begin() + 1, paths.end()}}},
                                                             .default_model_type = name,
                                                             .has_engine = wiring.has_engine});
    catalog::Model model = *catalog.find(name);
    model.model_type = model.architecture;
    return model;
}

catalog::Model choose_model(const SeparateOptions& options, const config::Config& config,
                            const Wiring& wiring) {
    if (!options.config_path.empty() || !options.checkpoint_paths.empty())
        return read_given_model(options, wiring);
    const catalog::Catalog catalog = open_catalog(config, wiring.has_engine);
    const std::string& name = options.model_type.empty() ? catalog.default_model_type() : options.model_type;
    if (const catalog::Model* model = catalog.find(name)) return *model;
    std::vector<std::string> names;
    std::string list;
    for (const catalog::Model* model : catalog.available()) {
        names.push_back(model->model_type);
        list += (list.empty() ? "" : ", ") + model->model_type;
    }
    throw Error(ErrorCode::invalid_input, "no model is called '" + name + "'" +
                                              config::did_you_mean(name, names) + "; there are: " + list);
}

// The instruments asked for, in the model's order and spelling.
std::vector<std::string> choose_instruments(const std::vector<std::string>& asked,
                                            const std::vector<std::string>& has) {
    if (asked.empty()) return has;
    const auto same = [](const std::string& a, const std::string& b) {
        return to_lower_ascii(trim(a)) == to_lower_ascii(b);
    };
    for (const std::string& name : asked) {
        if (std::ranges::any_of(has, [&](const std::string& h) { return same(name, h); })) continue;
        std::string list;
        for (const std::string& h : has) list += (list.empty() ? "" : ", ") + h;
        throw Error(ErrorCode::invalid_input, "the model has no instrument '" + name + "'; it has " + list);
    }
    std::vector<std::string> chosen;
    std::ranges::copy_if(has, std::back_inserter(chosen), [&](const std::string& h) {
        return std::ranges::any_of(asked, [&](const std::string& name) { return same(name, h); });
    });
    return chosen;
}

// Makes the folders of one song's stems, and takes away those it made when the song fails.
class StemFolders {
public:
    void make(const fs::path& folder) {
        std::error_code error;
        if (folder.empty() || fs::exists(folder, error)) return;
        make(folder.parent_path());
        fs::create_directory(folder, error);
        if (error)
            throw Error(ErrorCode::unavailable,
                        "cannot make the folder " + folder.string() + ": " + error.message());
        made_.push_back(folder);
    }
    void keep() { made_.clear(); }
    ~StemFolders() {
        std::error_code ignored;  // one that is not empty stays
        for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, ignored);
    }

private:
    std::vector<fs::path> made_;
};

// All songs of one run with one model.
class Run {
public:
    Run(const SeparateOptions& options, const Wiring& wiring, std::stop_token stop)
        : options_(options),
          wiring_(wiring),
          stop_(std::move(stop)),
          name_template_(options.filename_template),
          bar_(wiring.err, wiring.clock, options.show_progress ? wiring.err_columns : 0) {}

    // Whatever is wrong with the command line comes out here.
    void prepare() {
        if (options_.inputs.empty()) throw Error(ErrorCode::invalid_input, "no input: name files or folders");
        audio::check_output(options_.output_format, options_.pcm_type);
        settings_ = load_settings(options_, wiring_).config;
        model_ = choose_model(options_, settings_, wiring_);
        if (model_.state == catalog::ModelState::available)
            instruments_ = choose_instruments(options_.instruments, model_.instruments);
    }

    void load() {
        if (model_.state != catalog::ModelState::available)
            throw Error(ErrorCode::unavailable, model_.problem, "model_unavailable");
        const bool wants_gpu = std::ranges::any_of(
            options_.devices, [](const std::string& device) { return device.starts_with("cuda"); });
        if (wants_gpu && model_.checkpoint_path.empty())
            wiring_.err << "msst separate: warning: the embedded model " << model_.model_type
                        << " runs on the CPU; the choice of a GPU has no effect\n";
        separator_ = wiring_.make_separator(
            model_, {.devices = options_.devices.empty() ? settings_.devices : options_.devices,
                     .precision = settings_.precision,
                     .cpu_threads = settings_.cpu_threads.value_or(0),
                     .chunk_edges = options_.chunk_edges});
    }

    int separate_all() {
        const std::vector<SongPlan> songs = plan_songs(
            find_input_files(options_.inputs, options_.output_folder), name_template_, plan_options());
        int failed = 0;
        for (size_t i = 0; i < songs.size(); ++i) {
            const SongOutcome outcome = separate_one(
                songs[i], "[" + std::to_string(i + 1) + "/" + std::to_string(songs.size()) + "] ");
            report(outcome);
            failed += !outcome.error.empty();
            const bool is_whole = i + 1 == songs.size() && outcome.error.empty();
            if (stop_.stop_requested() && !is_whole) return kInterrupted;
        }
        return failed > 0 ? kFailure : kSuccess;
    }

private:
    PlanOptions plan_options() const {
        PlanOptions plan{
            .output_folder = options_.output_folder, .stems = instruments_, .suffix = {}, .names = {}};
        if (options_.extract_instrumental && std::ranges::count(plan.stems, kRemainder) == 0)
            plan.stems.push_back(kRemainder);
        plan.suffix = "." + std::string(audio::to_string(options_.output_format));
        plan.names.model_type = model_.model_type;
        plan.names.model =
            model_.checkpoint_path.empty() ? model_.model_type : model_.checkpoint_path.stem().string();
        const auto now = std::chrono::floor<std::chrono::seconds>(wiring_.clock.now());
        plan.names.start_time = std::to_string(now.time_since_epoch().count());
        return plan;
    }

    bool is_there_already(const SongPlan& song) const {
        return options_.skip_existing && std::ranges::all_of(song.stem_paths, [](const auto& stem) {
                   std::error_code ignored;
                   return fs::exists(stem.second, ignored);
               });
    }

    SongOutcome separate_one(const SongPlan& song, const std::string& counter) {
        SongOutcome outcome{.input = song.input.path, .result = {}, .error = song.input.problem};
        if (!outcome.error.empty()) return outcome;
        if (is_there_already(song)) {
            outcome.is_skipped = true;
            return outcome;
        }
        const Milliseconds start = wiring_.clock.monotonic();
        bar_.start(counter + song.input.path.filename().string(), song.input.info.duration_seconds);
        try {
            outcome.result = separate_song(song);
        } catch (const std::exception& error) {
            // One song's end, whatever it died of; the others go on.
            outcome.error = error.what();
        }
        outcome.seconds = (wiring_.clock.monotonic() - start).count() / 1000.0;
        return outcome;
    }

    separation::SongResult separate_song(const SongPlan& song) {
        StemFolders folders;
        const separation::SongRequest request{
            .input = song.input.path,
            .instruments = instruments_,
            .use_tta = options_.use_tta,
            .bigshifts = options_.bigshifts,
            .extract_instrumental = options_.extract_instrumental,
            .output_format = options_.output_format,
            .pcm_type = options_.pcm_type,
            .output_path =
                [&](const std::string& stem) {
                    const fs::path& path = song.stem_paths.at(stem);
                    folders.make(path.parent_path());
                    return path;
                },
            .on_progress = [this](auto stage, double fraction) { bar_.update(stage, fraction); }};
        separation::SongResult result = separation::separate_song(*separator_, request, stop_);
        folders.keep();
        return result;
    }

    void report(const SongOutcome& outcome) {
        bar_.finish(to_text(outcome));
        if (options_.is_json) wiring_.out << to_json_line(outcome) << std::endl;
    }

    const SeparateOptions& options_;
    const Wiring& wiring_;
    const std::stop_token stop_;
    const OutputTemplate name_template_;
    ProgressBar bar_;
    config::Config settings_;
    catalog::Model model_;
    std::vector<std::string> instruments_;
    std::shared_ptr<const separation::Separator> separator_;
};

int complain(std::ostream& err, const Error& error, int exit_code) {
    err << "msst separate: " << error.what() << "\n";
    return exit_code;
}

}  // namespace

int separate_files(const SeparateOptions& options, const Wiring& wiring, std::stop_token stop) {
    std::optional<Run> run;
    try {
        run.emplace(options, wiring, std::move(stop));
        run->prepare();
    } catch (const Error& error) {
        return complain(wiring.err, error, kUsage);
    }
    try {
        run->load();
    } catch (const Error& error) {
        return complain(wiring.err, error, kFailure);
    }
    return run->separate_all();
}

}  // namespace msst::cli
