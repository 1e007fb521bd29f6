#include "cli/song_plan.h"

#include <utility>

namespace msst::cli {
namespace {

namespace fs = std::filesystem;

// Who owns a path already: an input, or the song whose stem goes there.
using Owners = std::map<fs::path, fs::path>;

fs::path key_of(const fs::path& path) {
    std::error_code ignored;
    const fs::path real = fs::weakly_canonical(path, ignored);
    return real.empty() ? path.lexically_normal() : real;
}

std::string conflict(const SongPlan& song, const Owners& owners) {
    for (const auto& [stem, path] : song.stem_paths) {
        const auto owner = owners.find(key_of(path));
        if (owner == owners.end()) continue;
        if (owner->first == key_of(owner->second)) return stem + " would replace the input " + path.string();
        return stem + " would replace that of " + owner->second.string() + ", " + path.string() +
               "; a --filename_template with {dir_name} may tell them apart";
    }
    return {};
}

SongPlan plan_song(const InputFile& input, const OutputTemplate& name_template, const PlanOptions& options) {
    SongPlan song{.input = input, .stem_paths = {}};
    StemName name = options.names;
    name.file_name = input.path.stem().string();
    name.dir_name = input.dir_name;
    for (const std::string& stem : options.stems) {
        name.instr = stem;
        // Not replace_extension: "song v1.2" has no suffix of its own.
        song.stem_paths[stem] =
            options.output_folder / (name_template.expand(name).string() + options.suffix);
    }
    return song;
}

}  // namespace

std::vector<SongPlan> plan_songs(const std::vector<InputFile>& inputs, const OutputTemplate& name_template,
                                 const PlanOptions& options) {
    Owners owners;
    for (const InputFile& input : inputs) owners.emplace(key_of(input.path), input.path);
    std::vector<SongPlan> songs;
    for (const InputFile& input : inputs) {
        SongPlan song = plan_song(input, name_template, options);
        if (song.input.problem.empty()) song.input.problem = conflict(song, owners);
        if (song.input.problem.empty())
            for (const auto& [stem, path] : song.stem_paths) owners.emplace(key_of(path), input.path);
        songs.push_back(std::move(song));
    }
    return songs;
}

}  // namespace msst::cli
