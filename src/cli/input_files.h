#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "audio/format.h"

namespace msst::cli {

// One song to separate, or the reason why it cannot be.
struct InputFile {
    std::filesystem::path path;
    std::string
        dir_name;  // its folder below the input folder it was found in; empty for a file given by name
    audio::AudioInfo info;  // as probed
    std::string problem;    // not empty: cannot be separated
};

// The songs behind what the user named, each once. A file is taken as it is. A folder is searched with all
// its folders, in the order of names: hidden entries, links to folders and everything below `output_folder`
// are left out, and so is what is no audio. What is named but is not there, or a folder without audio, comes
// back with its problem.
std::vector<InputFile> find_input_files(const std::vector<std::filesystem::path>& named,
                                        const std::filesystem::path& output_folder);

}  // namespace msst::cli
