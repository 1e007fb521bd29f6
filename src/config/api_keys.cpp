#include "config/api_keys.h"

#include <algorithm>

#include "base/sha256.h"
#include "base/text.h"

namespace msst::config {
namespace {

using yaml::Node;

constexpr std::string_view kHashPrefix = "sha256:";

bool is_hash(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A client sends its key in a header: printable ASCII without spaces.
bool can_be_sent(std::string_view key) {
    return std::ranges::all_of(key, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

// The hash of a key in clear, or the one written down; none and a problem for what is neither.
std::optional<std::string> read_hash(const Node& node, Problems& problems) {
    constexpr size_t kLongestKey = 512;
    const auto refuse = [&](const char* why) {
        problems.add(node.line, "api_keys", why);
        return std::nullopt;
    };
    if (!node.is_scalar()) return refuse("must hold keys as text or {name, key}");
    if (node.text.empty()) return refuse("holds an empty key");
    if (node.text.starts_with(kHashPrefix)) {
        const std::string hash = to_lower_ascii(node.text.substr(kHashPrefix.size()));
        return is_hash(hash) ? std::optional(hash) : refuse("holds sha256: without 64 hex digits after it");
    }
    if (!can_be_sent(node.text))
        return refuse("holds a key with a space or a character beyond ASCII; no client can send that");
    if (node.text.size() > kLongestKey) return refuse("holds a key longer than 512 characters");
    return sha256_hex(node.text);
}

// Names own tasks and stand in logs.
bool is_key_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && clean_text(name, 64) == name && trim(name) == name;
}

void add_key(ApiKey key, int line, Config& config, Problems& problems) {
    if (std::ranges::count(config.api_keys, key.name, &ApiKey::name) > 0)
        return problems.add(line, "api_keys", "has the name " + quote(key.name) + " twice");
    const auto twin = std::ranges::find(config.api_keys, key.sha256, &ApiKey::sha256);
    if (twin != config.api_keys.end())
        return problems.add(line, "api_keys",
                            "holds the same key for " + quote(twin->name) + " and " + quote(key.name));
    config.api_keys.push_back(std::move(key));
}

void read_named_key(const Node& node, Config& config, Problems& problems) {
    const Node* name = node.find("name");
    const Node* key = node.find("key");
    if (node.entries.size() != 2 || !name || !key)
        return problems.add(node.line, "api_keys", "has an entry with other fields than name and key");
    const auto hash = read_hash(*key, problems);
    if (!name->is_scalar() || !is_key_name(name->text))
        problems.add(name->line, "api_keys",
                     "has a name that is empty, longer than 64 bytes or not printable");
    else if (hash)
        add_key({.name = name->text, .sha256 = *hash}, node.line, config, problems);
}

void read_api_keys(const Node& node, Config& config, Problems& problems) {
    config.api_keys.clear();
    if (!node.is_sequence() && !node.is_null()) return problems.add(node.line, "api_keys", "must be a list");
    for (size_t i = 0; i < node.items.size(); ++i) {
        const Node& item = node.items[i];
        if (item.is_mapping())
            read_named_key(item, config, problems);
        else if (const auto hash = read_hash(item, problems))
            add_key({.name = "key-" + std::to_string(i + 1), .sha256 = *hash}, item.line, config, problems);
    }
}

std::string show_api_keys(const Config& config) {
    std::string text;
    for (const ApiKey& key : config.api_keys)
        text += (text.empty() ? "{name: " : ", {name: ") + show_text(key.name) + ", key: \"" +
                std::string(kHashPrefix) + key.sha256 + "\"}";
    return "[" + text + "]";
}

}  // namespace

Key api_keys_key(const KeyText& text) {
    return {.name = text.name,
            .accepts = "a list of keys, as text, sha256:<hex> or {name, key}",
            .help = text.help,
            .read = read_api_keys,
            .show = show_api_keys,
            .is_list = true};
}

}  // namespace msst::config
