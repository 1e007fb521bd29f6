#include "checkpoint/state_dict.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/error.h"

namespace msst::checkpoint {
namespace {

constexpr size_t kMaxWrappers = 8;
constexpr size_t kMaxNameBytes = 1000;

// In the order they are tried: MSST's own cascade first, then what others use.
constexpr std::array<const char*, 11> kWrappers = {
    "state",  "state_dict", "model_state_dict", "model", "ema",   "ema_state_dict",
    "params", "weights",    "best_state",       "net",   "module"};
constexpr std::array<std::string_view, 6> kPrefixes = {"module.", "_orig_mod.", "model.",
                                                       "core.",   "net.",       "base_model.model."};

bool holds_tensors(const PickleTree& tree, const Dict& dict) {
    return std::ranges::any_of(dict.entries, [&](const auto& entry) {
        return tree.get_if<std::string>(entry.first) && tree.get_if<StoredTensor>(entry.second);
    });
}

struct Step {
    std::string key;
    const Dict* dict;
};

// Finds the wrappers to go through, outermost first. Every dict is looked at once, so that a pickle which
// contains itself ends the search like any other.
class WrapperSearch {
public:
    explicit WrapperSearch(const PickleTree& tree) : tree_(tree) {}

    // Wrappers win over tensors beside them. False: neither tensors nor a wrapper with tensors.
    bool find(const Dict& dict, std::vector<Step>& path) {
        if (path.size() > kMaxWrappers || !seen_.insert(&dict).second) return false;
        for (const char* wrapper : kWrappers) {
            const ValueId* id = tree_.find(dict, wrapper);
            const Dict* inner = id ? tree_.get_if<Dict>(*id) : nullptr;
            if (!inner) continue;
            path.push_back({wrapper, inner});
            if (find(*inner, path)) return true;
            path.pop_back();
        }
        return holds_tensors(tree_, dict);
    }

private:
    const PickleTree& tree_;
    std::set<const Dict*> seen_;
};

void refuse_quantized(const PickleTree& tree, const Dict& dict) {
    if (tree.find(dict, "__quantized"))
        throw Error(ErrorCode::invalid_input,
                    "the weights are DiffQ-compressed ('__quantized'): not supported");
}

StateDict collect(const PickleTree& tree, const Dict& dict) {
    std::map<std::string, ValueId> stored;
    std::vector<std::string> names;
    for (const auto& [key, value] : dict.entries) {
        const auto* name = tree.get_if<std::string>(key);
        if (!name || name->size() > kMaxNameBytes || !tree.get_if<StoredTensor>(value)) continue;
        if (stored.insert_or_assign(*name, value).second) names.push_back(*name);
    }
    StateDict result;
    for (const auto& [name, stored_name] : normalise_names(names)) result.tensors[name] = stored[stored_name];
    return result;
}

bool is_bookkeeping(const std::string& name) {
    return name.ends_with(".num_batches_tracked") || name == "num_batches_tracked" ||
           name.ends_with(".window") || name == "window" || name == "_metadata";
}

using Names = std::map<std::string, std::string>;

bool all_start_with(const Names& names, std::string_view prefix) {
    return !names.empty() && std::ranges::all_of(names, [prefix](const auto& entry) {
        return entry.first.starts_with(prefix);
    });
}

// Only the names with `prefix`, without it.
Names below(const Names& names, std::string_view prefix) {
    Names kept;
    for (const auto& [name, stored] : names)
        if (name.starts_with(prefix)) kept.emplace(name.substr(prefix.size()), stored);
    return kept;
}

bool any_starts_with(const Names& names, std::string_view prefix) {
    const auto first = names.lower_bound(std::string(prefix));
    return first != names.end() && first->first.starts_with(prefix);
}

}  // namespace

Names normalise_names(const std::vector<std::string>& names) {
    Names result;
    for (const std::string& name : names)
        if (!is_bookkeeping(name)) result.emplace(name, name);
    if (any_starts_with(result, "ema_model.") && any_starts_with(result, "online_model."))
        result = below(result, "ema_model.");
    for (size_t round = 0; round < kMaxWrappers; ++round) {
        const auto prefix =
            std::ranges::find_if(kPrefixes, [&](std::string_view p) { return all_start_with(result, p); });
        if (prefix == kPrefixes.end()) break;
        result = below(result, *prefix);
    }
    return result;
}

StateDict find_state_dict(const PickleTree& tree) {
    const Dict* dict = tree.get_if<Dict>(tree.root);
    if (!dict)
        throw Error(ErrorCode::invalid_input, "the checkpoint is " + tree.describe(tree.root) +
                                                  ", not a dict of weights; save model.state_dict() instead");
    std::vector<Step> path;
    WrapperSearch(tree).find(*dict, path);
    Metadata::Map said;
    for (const auto& [key, inner] : path) {
        refuse_quantized(tree, *dict);
        Metadata around = read_metadata(
            tree, *dict,
            {key, "optimizer_state_dict", "optimizer_states", "optimizer", "loops", "callbacks"});
        said.merge(std::get<Metadata::Map>(around.value));
        dict = inner;
    }
    refuse_quantized(tree, *dict);
    StateDict result = collect(tree, *dict);
    result.metadata.value = std::move(said);
    if (result.tensors.empty())
        throw Error(ErrorCode::invalid_input,
                    "the checkpoint holds no named tensors at top level or under state, state_dict or "
                    "model_state_dict");
    return result;
}

}  // namespace msst::checkpoint
