#include "cli/output_template.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace msst::cli {
namespace {

struct Placeholder {
    std::string_view name;
    std::string StemName::*value;
};

constexpr std::array kPlaceholders = {
    Placeholder{"file_name", &StemName::file_name},   Placeholder{"instr", &StemName::instr},
    Placeholder{"dir_name", &StemName::dir_name},     Placeholder{"start_time", &StemName::start_time},
    Placeholder{"model_type", &StemName::model_type}, Placeholder{"model", &StemName::model}};

constexpr std::string_view kFolders = "dir_name";  // the one whose slashes count

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::invalid_input, "--filename_template " + what);
}

std::string placeholder_names() {
    std::string names;
    for (const Placeholder& placeholder : kPlaceholders)
        names += (names.empty() ? "{" : ", {") + std::string(placeholder.name) + "}";
    return names;
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> components;
    for (size_t start = 0; start <= path.size();) {
        const size_t end = std::min(path.find('/', start), path.size());
        components.emplace_back(path.substr(start, end - start));
        start = end + 1;
    }
    return components;
}

std::string without_separators(std::string_view name) {
    std::string safe(name);
    std::ranges::replace(safe, '/', '_');
    std::ranges::replace(safe, '\\', '_');
    return safe;
}

// Fit to be the name of a file or folder; empty stays empty.
std::string safe_component(const std::string& component) {
    constexpr size_t kLongest = 200;  // file systems take 255; a suffix and ".part" come after it
    const std::string clean(trim(clean_text(component, kLongest)));
    return clean == "." || clean == ".." ? "_" : clean;
}

}  // namespace

OutputTemplate::OutputTemplate(const std::string& text) {
    for (const std::string& component : split_path(text))
        if (component == "..") refuse("'" + text + "' leads out of the output folder");
    if (text.starts_with('/')) refuse("'" + text + "' must be relative to the output folder");
    if (text.find("{instr}") == std::string::npos)
        refuse("'" + text + "' has no {instr}: every stem would get the same name");
    for (std::string_view rest = text; !rest.empty();) {
        const size_t open = std::min(rest.find('{'), rest.size());
        if (open > 0) parts_.push_back({.text = std::string(rest.substr(0, open)), .is_name = false});
        rest.remove_prefix(open);
        if (rest.empty()) break;
        const size_t close = rest.find('}');
        if (close == std::string_view::npos) refuse("'" + text + "' has a { without }");
        const std::string_view name = rest.substr(1, close - 1);
        if (std::ranges::count(kPlaceholders, name, &Placeholder::name) == 0)
            refuse("has an unknown placeholder {" + std::string(name) + "}; there are " +
                   placeholder_names());
        parts_.push_back({.text = std::string(name), .is_name = true});
        rest.remove_prefix(close + 1);
    }
}

std::filesystem::path OutputTemplate::expand(const StemName& name) const {
    std::string expanded;
    for (const Part& part : parts_) {
        const auto* placeholder = std::ranges::find(kPlaceholders, part.text, &Placeholder::name);
        if (!part.is_name)
            expanded += part.text;
        else if (part.text == kFolders)
            expanded += name.dir_name;
        else
            expanded += without_separators(name.*(placeholder->value));
    }
    std::filesystem::path path;
    for (const std::string& component : split_path(expanded)) path /= safe_component(component);
    // A last component that came out empty would make this a folder.
    if (path.filename().empty()) path /= "_";
    return path;
}

}  // namespace msst::cli
