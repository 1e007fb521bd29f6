#include "worker/stem_file_names.h"

#include <algorithm>

namespace msst::worker {
namespace {

constexpr size_t kMaxNameBytes = 100;

bool is_safe(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

std::string to_safe_name(const std::string& stem) {
    std::string name = stem.substr(0, kMaxNameBytes);
    std::ranges::replace_if(
        name, [](char c) { return !is_safe(c); }, '_');
    return name.empty() ? "stem" : name;
}

}  // namespace

std::string StemFileNames::name_for(const std::string& stem) {
    if (const auto found = names_.find(stem); found != names_.end()) return found->second;
    const std::string base = to_safe_name(stem);
    std::string name = base + "." + extension_;
    const auto is_taken = [&](const auto& entry) { return entry.second == name; };
    for (int number = 2; std::ranges::any_of(names_, is_taken); ++number)
        name = base + "_" + std::to_string(number) + "." + extension_;
    names_[stem] = name;
    return name;
}

}  // namespace msst::worker
