#include "cli/input_files.h"

#include <algorithm>
#include <set>
#include <utility>

#include "audio/probe.h"
#include "base/error.h"

namespace msst::cli {
namespace {

namespace fs = std::filesystem;

// The same for every spelling of a path; of one that does not exist, too.
fs::path real_path(const fs::path& path) {
    std::error_code ignored;
    const fs::path real = fs::weakly_canonical(path, ignored);
    return real.empty() ? path : real;
}

InputFile probe_file(const fs::path& path, std::string dir_name) {
    InputFile file{.path = path, .dir_name = std::move(dir_name), .info = {}, .problem = {}};
    try {
        file.info = audio::probe(path);
    } catch (const Error& error) {
        file.problem = error.what();
    }
    return file;
}

// Files below `folder`, sorted by path; an unreadable folder counts as empty.
std::vector<fs::path> list_folder(const fs::path& folder, const fs::path& left_out) {
    std::vector<fs::path> files;
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
    for (const auto end = fs::recursive_directory_iterator(); !error && entry != end;
         entry.increment(error)) {
        const bool is_hidden = entry->path().filename().string().starts_with('.');
        std::error_code ignored;
        if (entry->is_directory(ignored) && (is_hidden || real_path(entry->path()) == left_out))
            entry.disable_recursion_pending();
        else if (!is_hidden && entry->is_regular_file(ignored))
            files.push_back(entry->path());
    }
    std::ranges::sort(files);
    return files;
}

std::vector<InputFile> search_folder(const fs::path& folder, const fs::path& output_folder) {
    std::vector<InputFile> found;
    for (const fs::path& path : list_folder(folder, real_path(output_folder))) {
        const fs::path dir_name = path.parent_path().lexically_relative(folder);
        InputFile file = probe_file(path, dir_name == "." ? "" : dir_name.string());
        if (file.problem.empty()) found.push_back(std::move(file));
    }
    if (found.empty())
        found.push_back(
            {.path = folder, .dir_name = {}, .info = {}, .problem = "the folder holds no audio files"});
    return found;
}

}  // namespace

std::vector<InputFile> find_input_files(const std::vector<fs::path>& named, const fs::path& output_folder) {
    std::vector<InputFile> files;
    std::set<fs::path> seen;
    for (const fs::path& path : named) {
        std::error_code ignored;
        std::vector<InputFile> found;
        if (fs::is_directory(path, ignored))
            found = search_folder(path, output_folder);
        else
            found.push_back(probe_file(path, ""));
        for (InputFile& file : found)
            if (seen.insert(real_path(file.path)).second) files.push_back(std::move(file));
    }
    return files;
}

}  // namespace msst::cli
