#include "catalog/model_folder.h"

#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "catalog/demucs_package.h"
#include "catalog/model_file.h"

namespace msst::catalog {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDemucs = "htdemucs";
constexpr std::array kConfigSuffixes = {".yaml", ".yml"};
constexpr std::array kCheckpointSuffixes = {".ckpt", ".chpt", ".pt", ".pth", ".th", ".bin", ".safetensors"};

struct FolderFiles {
    std::vector<fs::path> configs;
    std::vector<fs::path> checkpoints;
};

// Names with a dot in front are editors' and downloaders' half files.
FolderFiles list_files(const fs::path& folder) {
    FolderFiles files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        std::error_code ignored;
        if (entry.path().filename().string().starts_with('.') || entry.is_directory(ignored)) continue;
        const std::string suffix = to_lower_ascii(entry.path().extension().string());
        if (std::ranges::count(kConfigSuffixes, suffix) > 0) files.configs.push_back(entry.path());
        if (std::ranges::count(kCheckpointSuffixes, suffix) > 0) files.checkpoints.push_back(entry.path());
    }
    std::ranges::sort(files.configs);
    std::ranges::sort(files.checkpoints);
    return files;
}

std::string names_of(const std::vector<fs::path>& files) {
    std::string names;
    for (const fs::path& file : files) names += (names.empty() ? "" : ", ") + file.filename().string();
    return names;
}

// The only file, or the one whose name without suffix is in `preferred`; none when there is no telling.
std::optional<fs::path> choose(const std::vector<fs::path>& files,
                               const std::vector<std::string>& preferred) {
    if (files.size() == 1) return files.front();
    std::vector<fs::path> likely;
    std::ranges::copy_if(files, std::back_inserter(likely), [&](const fs::path& file) {
        return std::ranges::count(preferred, file.stem().string()) > 0;
    });
    if (likely.size() == 1) return likely.front();
    return std::nullopt;
}

void set_problem(Model& model, ModelState state, const std::string& problem) {
    model.state = state;
    model.problem = problem;
}

// All checkpoints are one bag of networks.
void take_all(Model& model, const std::vector<fs::path>& checkpoints) {
    model.checkpoint_path = checkpoints.front();
    model.more_checkpoints.assign(checkpoints.begin() + 1, checkpoints.end());
}

// The files that a bag names, in its order: each `name` is name.th or name-<checksum>.th.
std::vector<fs::path> files_of_bag(const std::vector<std::string>& names, const FolderFiles& files,
                                   const fs::path& bag) {
    std::vector<fs::path> found;
    for (const std::string& name : names) {
        const auto file = std::ranges::find_if(files.checkpoints, [&](const fs::path& checkpoint) {
            const std::string stem = checkpoint.stem().string();
            return stem == name || stem.starts_with(name + "-");
        });
        if (file == files.checkpoints.end())
            throw Error(ErrorCode::not_found, bag.string() + ": names '" + clean_text(name, 100) +
                                                  "', but no such checkpoint lies beside it");
        found.push_back(*file);
    }
    return found;
}

// True where the files are those of a Demucs: packages alone, with a bag, or several checkpoints of a type
// that is averaged.
bool choose_demucs(Model& model, const FolderFiles& files) {
    if (files.checkpoints.empty() || files.configs.size() > 1) return false;
    if (files.configs.empty()) {
        take_all(model, files.checkpoints);
        return true;
    }
    model.config_path = files.configs.front();
    if (const std::vector<std::string> names = read_bag(model.config_path); !names.empty()) {
        take_all(model, files_of_bag(names, files, model.config_path));
        return true;
    }
    if (files.checkpoints.size() == 1 || choose(files.checkpoints, {"model", model.model_type})) return false;
    Model as_said;
    as_said.config_path = model.config_path;
    read_model_file(as_said);
    if (as_said.architecture != kDemucs) return false;
    take_all(model, files.checkpoints);
    return true;
}

// Paths of a model, or the sentence that says why there are none.
void choose_files(Model& model, const fs::path& folder, const FolderFiles& files) {
    try {
        if (choose_demucs(model, files)) return;
    } catch (const Error& error) {
        return set_problem(
            model,
            error.code() == ErrorCode::not_found ? ModelState::missing_checkpoint : ModelState::damaged,
            error.what());
    }
    const auto config = choose(files.configs, {"config"});
    const auto checkpoint = choose(files.checkpoints, {"model", model.model_type});
    model.config_path = config.value_or(folder / "config.yaml");
    if (checkpoint) model.checkpoint_path = *checkpoint;
    if (!config)
        set_problem(model, ModelState::damaged,
                    folder.string() + ": has several configurations (" + names_of(files.configs) +
                        "); call one config.yaml");
    else if (!checkpoint && !files.checkpoints.empty())
        set_problem(model, ModelState::damaged,
                    folder.string() + ": has several checkpoints (" + names_of(files.checkpoints) +
                        "); call one model" + files.checkpoints.front().extension().string());
}

void check_checkpoint(Model& model, const fs::path& path) {
    std::error_code error;
    if (path.empty() || !fs::exists(path, error))
        set_problem(model, ModelState::missing_checkpoint,
                    path.empty() ? model.config_path.parent_path().string() + ": has no checkpoint"
                                 : path.string() + ": no such checkpoint");
    else if (!fs::is_regular_file(path, error))
        set_problem(model, ModelState::damaged, path.string() + ": is not a regular file");
    else if (::access(path.c_str(), R_OK) != 0)
        set_problem(model, ModelState::damaged, path.string() + ": cannot be read");
    else if (fs::file_size(path, error) == 0)
        set_problem(model, ModelState::damaged, path.string() + ": is empty");
}

void check_checkpoints(Model& model) {
    check_checkpoint(model, model.checkpoint_path);
    for (const fs::path& path : model.more_checkpoints)
        if (model.state == ModelState::available) check_checkpoint(model, path);
}

// The configuration is MSST's, or the packages are their own.
void read_description(Model& model) {
    if (model.config_path.empty() || !read_bag(model.config_path).empty())
        read_demucs_package(model);
    else
        read_model_file(model);
}

}  // namespace

bool is_model_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && name.front() != '.' &&
           name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               std::string_view::npos;
}

void inspect(Model& model) {
    const bool is_package = model.config_path.empty();
    if (is_package) check_checkpoints(model);
    if (model.state != ModelState::available) return;
    try {
        read_description(model);
    } catch (const Error& error) {
        return set_problem(
            model, ModelState::damaged,
            is_package ? std::string("there is no config.yaml, and ") + error.what() : error.what());
    }
    if (!is_package) check_checkpoints(model);
}

std::optional<Model> read_model_folder(const fs::path& folder) {
    Model model;
    model.model_type = folder.filename().string();
    if (model.model_type.starts_with('.')) return std::nullopt;
    FolderFiles files;
    try {
        files = list_files(folder);
    } catch (const fs::filesystem_error& error) {
        model.config_path = folder / "config.yaml";
        set_problem(model, ModelState::damaged,
                    folder.string() + ": cannot be read: " + error.code().message());
        return model;
    }
    if (files.configs.empty() && files.checkpoints.empty()) return std::nullopt;
    choose_files(model, folder, files);
    if (!is_model_name(model.model_type)) {
        const std::string name = clean_text(model.model_type, 64);
        set_problem(model, ModelState::damaged,
                    "the folder '" + name +
                        "' cannot be a model's name: only 1 to 64 of the characters "
                        "A-Z a-z 0-9 . _ - can");
        model.model_type = name;
    }
    if (model.state == ModelState::available) inspect(model);
    return model;
}

std::vector<Model> read_models_dir(const fs::path& models_dir) {
    std::vector<fs::path> folders;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(models_dir, error))
        if (std::error_code ignored; entry.is_directory(ignored)) folders.push_back(entry.path());
    if (error && error != std::errc::no_such_file_or_directory)
        throw Error(ErrorCode::invalid_input,
                    "models_dir " + models_dir.string() + " cannot be read: " + error.message());
    std::ranges::sort(folders);
    std::vector<Model> models;
    for (const fs::path& folder : folders)
        if (auto model = read_model_folder(folder)) models.push_back(std::move(*model));
    return models;
}

}  // namespace msst::catalog
