#include "config/load.h"

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "config/keys.h"
#include "config/similar.h"
#include "config/verify.h"
#include "yaml/reader.h"

namespace msst::config {
namespace {

using yaml::Node;

void read_entry(const Node& root, const yaml::Entry& entry, Config& config, Problems& problems) {
    const auto first = std::ranges::find(root.entries, entry.key, &yaml::Entry::key);
    const Key* key = find_key(entry.key);
    problems.enter_key(entry.key, entry.line);
    if (!key)
        problems.add(entry.line, "",
                     "unknown key " + quote(entry.key) + did_you_mean(entry.key, key_names()));
    else if (&*first != &entry)
        problems.add(entry.line, key->name, "is given twice, first in line " + std::to_string(first->line));
    else if (entry.value.is_null())
        problems.add(entry.line, key->name, "has no value");
    else
        key->read(entry.value, config, problems);
}

void read_root(const Node& root, const std::string& name, Config& config, Problems& problems) {
    problems.enter_file(name);
    if (root.is_null()) return;
    if (!root.is_mapping()) return problems.add(root.line, "", "must hold `key: value` lines");
    for (const yaml::Entry& entry : root.entries) read_entry(root, entry, config, problems);
}

// A list as [a, b] or {…} in YAML or JSON, or as a, b.
Node parse_list(const std::string& text, const std::string& variable) {
    const std::string_view bare = trim(text);
    if (bare.starts_with('[') || bare.starts_with('{')) return yaml::parse_document(bare, variable);
    if (to_lower_ascii(bare) == "auto") return yaml::make_scalar("auto");
    Node list;
    list.kind = Node::Kind::sequence;
    for (size_t start = 0; start <= bare.size();) {
        const size_t end = std::min(bare.find(',', start), bare.size());
        list.items.push_back(yaml::make_scalar(std::string(trim(bare.substr(start, end - start)))));
        start = end + 1;
    }
    return list;
}

void read_variable(const std::string& variable, const std::string& text, Config& config, Problems& problems) {
    constexpr size_t kPrefix = 5;  // MSST_
    const std::string name = to_lower_ascii(variable.substr(kPrefix));
    const Key* key = find_key(name);
    problems.enter_variable(variable);
    if (!key || variable != variable_name(name))
        return problems.warn({}, variable + ": no key has this name" + did_you_mean(name, key_names()));
    if (trim(text).empty()) return problems.warn({}, variable + ": is empty and counts as not set");
    problems.enter_key(key->name, /*line=*/0);
    try {
        const Node node =
            key->is_list ? parse_list(text, variable) : yaml::make_scalar(std::string(trim(text)));
        key->read(node, config, problems);
    } catch (const Error&) {
        // The parser's words would repeat what may be a secret.
        problems.add(/*line=*/0, "", "is not a list in YAML or JSON");
    }
}

Loaded finish(const Node& root, const std::string& name, const Environment& environment, Problems problems) {
    Loaded loaded;
    read_root(root, name, loaded.config, problems);
    for (const auto& [variable, text] : environment)
        if (variable.starts_with("MSST_")) read_variable(variable, text, loaded.config, problems);
    verify(loaded.config, problems);

    std::string message;
    for (const std::string& line : problems.lines()) message += (message.empty() ? "" : "\n") + line;
    if (!message.empty()) throw Error(ErrorCode::invalid_input, message, "invalid_configuration");
    loaded.warnings = problems.warnings();
    return loaded;
}

void warn_of_open_secrets(const std::filesystem::path& file, const Node& root, Problems& problems) {
    struct stat facts {};
    const Node* keys = root.find("api_keys");
    if (!keys || keys->items.empty() || ::stat(file.c_str(), &facts) != 0 || (facts.st_mode & S_IROTH) == 0)
        return;
    problems.warn({}, file.string() + ": holds API keys and can be read by every user; chmod 600 would help");
}

}  // namespace

Loaded parse_config(std::string_view text, const std::string& name, const Environment& environment) {
    return finish(yaml::parse_document(text, name), name, environment, {});
}

Loaded load_config(const std::optional<std::filesystem::path>& file, const Environment& environment) {
    const std::filesystem::path path = file.value_or(kDefaultFile);
    Problems problems;
    Node root;
    bool found = true;
    try {
        root = yaml::read_document(path);
        warn_of_open_secrets(path, root, problems);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        problems.warn({}, path.string() + ": no such file; the defaults are used");
        found = false;
    }
    Loaded loaded = finish(root, path.string(), environment, std::move(problems));
    if (found) loaded.file = path;
    return loaded;
}

Environment msst_environment() {
    Environment environment;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view line = *entry;
        const size_t equals = line.find('=');
        if (line.starts_with("MSST_") && equals != std::string_view::npos)
            environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return environment;
}

}  // namespace msst::config
