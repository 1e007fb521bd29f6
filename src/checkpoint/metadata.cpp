#include "checkpoint/metadata.h"

#include <algorithm>

#include "base/text.h"

namespace msst::checkpoint {
namespace {

constexpr int kMaxNodes = 10'000;
constexpr int kMaxDepth = 8;
constexpr size_t kMaxTextBytes = 1000;

class Reader {
public:
    explicit Reader(const PickleTree& tree) : tree_(tree) {}

    Metadata::Map read_map(const Dict& dict, const std::vector<std::string>& skipped_keys, int depth) {
        Metadata::Map map;
        for (const auto& [key, value] : dict.entries) {
            if (nodes_left_ <= 0) break;
            const auto* text = tree_.get_if<std::string>(key);
            if (!text || text->size() > kMaxTextBytes || std::ranges::count(skipped_keys, *text)) continue;
            map[*text] = read(value, depth + 1);
        }
        return map;
    }

private:
    Metadata read(ValueId id, int depth) {
        if (--nodes_left_ < 0 || depth > kMaxDepth) return {};
        const PickleValue& value = tree_[id];
        if (const auto* flag = std::get_if<bool>(&value)) return {*flag};
        if (const auto* integer = std::get_if<int64_t>(&value)) return {*integer};
        if (const auto* real = std::get_if<double>(&value)) return {*real};
        if (const auto* text = std::get_if<std::string>(&value)) return {clean_text(*text, kMaxTextBytes)};
        if (const auto* global = std::get_if<Global>(&value))
            return {clean_text(global->name, kMaxTextBytes)};
        if (const auto* dict = std::get_if<Dict>(&value)) return {read_map(*dict, {}, depth)};
        if (const auto* sequence = std::get_if<Sequence>(&value)) return {read_list(*sequence, depth)};
        if (std::holds_alternative<None>(value)) return {};
        return {tree_.describe(id)};
    }

    Metadata::List read_list(const Sequence& sequence, int depth) {
        Metadata::List list;
        for (const ValueId item : sequence.items) {
            if (nodes_left_ <= 0) break;
            list.push_back(read(item, depth + 1));
        }
        return list;
    }

    const PickleTree& tree_;
    int nodes_left_ = kMaxNodes;
};

}  // namespace

const Metadata* Metadata::find(const std::string& key) const {
    const Map* map = get_if<Map>();
    if (!map) return nullptr;
    const auto found = map->find(key);
    return found == map->end() ? nullptr : &found->second;
}

Metadata read_metadata(const PickleTree& tree, const Dict& dict,
                       const std::vector<std::string>& skipped_keys) {
    return {Reader(tree).read_map(dict, skipped_keys, 0)};
}

}  // namespace msst::checkpoint
