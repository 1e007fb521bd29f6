#include "config/problems.h"

#include <algorithm>

#include "base/text.h"

namespace msst::config {

std::string Problems::place(int line) const {
    if (!variable_.empty()) return variable_;
    return line > 0 ? file_ + ":" + std::to_string(line) : file_;
}

void Problems::add(int line, std::string_view key, const std::string& text) {
    failed_.insert(key_);
    constexpr size_t kMostLines = 100;
    if (lines_.size() == kMostLines) lines_.push_back("and more");
    if (lines_.size() > kMostLines) return;
    // The name of a variable says the key already.
    const bool names_key = variable_.empty() && !key.empty();
    lines_.push_back(place(line) + ": " + (names_key ? std::string(key) + " " : "") + text);
}

void Problems::enter_key(const std::string& key, int line) {
    key_ = key;
    origins_[key] = place(line);
}

std::string Problems::first_origin(const std::vector<std::string>& keys) const {
    for (const std::string& key : keys)
        if (const auto origin = origins_.find(key); origin != origins_.end()) return origin->second + ": ";
    return {};
}

void Problems::add_contradiction(const std::vector<std::string>& keys, const std::string& text) {
    if (std::ranges::none_of(keys, [&](const std::string& key) { return failed_.contains(key); }))
        lines_.push_back(first_origin(keys) + text);
}

void Problems::warn(const std::vector<std::string>& keys, const std::string& text) {
    warnings_.push_back(first_origin(keys) + text);
}

std::string quote(std::string_view text) {
    constexpr size_t kMostBytes = 60;
    const std::string clean = clean_text(text, kMostBytes);
    return "'" + clean + (text.size() > kMostBytes ? "…" : "") + "'";
}

}  // namespace msst::config
