#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Where a stem goes: MSST's --filename_template, "{file_name}/{instr}" by default.

namespace msst::cli {

struct StemName {
    std::string file_name;   // of the input, without folder and suffix
    std::string instr;       // the stem
    std::string dir_name;    // folder of the input below the input folder; empty for a file given by name
    std::string start_time;  // of the run, Unix seconds
    std::string model_type;  // as the user gave it
    std::string model;       // name of the checkpoint without suffix
};

class OutputTemplate {
public:
    // Throws Error(invalid_input) for an unknown or unclosed placeholder, a template without {instr}, and one
    // that leads out of the output folder.
    explicit OutputTemplate(const std::string& text);

    // A relative path without suffix, for example "song/vocals". Never leaves the folder it is put under,
    // whatever the names are: separators in names become "_", "." and ".." as well, control characters
    // spaces; components are at most 200 bytes. dir_name keeps its folders.
    std::filesystem::path expand(const StemName& name) const;

private:
    // Text and placeholders by turns; a placeholder has `is_name`.
    struct Part {
        std::string text;
        bool is_name = false;
    };
    std::vector<Part> parts_;
};

}  // namespace msst::cli
