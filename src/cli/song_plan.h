#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/input_files.h"
#include "cli/output_template.h"

namespace msst::cli {

// One song and where its stems go.
struct SongPlan {
    InputFile input;
    std::map<std::string, std::filesystem::path> stem_paths;  // by stem
};

struct PlanOptions {
    std::filesystem::path output_folder;
    std::vector<std::string> stems;  // all that are written
    std::string suffix;              // ".wav"
    StemName names;                  // model, model_type, start_time; the rest is each song's
};

// The plan of every input, in its order. An input whose stems would replace those of an earlier one, or one
// of the inputs, gets a problem instead.
std::vector<SongPlan> plan_songs(const std::vector<InputFile>& inputs, const OutputTemplate& name_template,
                                 const PlanOptions& options);

}  // namespace msst::cli
