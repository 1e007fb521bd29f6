#include "checkpoint/torch_legacy.h"

#include <memory>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/pickle.h"

namespace msst::checkpoint {
namespace {

// PROTO 2, LONG1 of ten bytes 0x1950a86a20f9469cfc6c, STOP.
constexpr std::string_view kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr int64_t kProtocolVersion = 1001;

using Blocks = std::unordered_map<std::string, Bytes>;

[[noreturn]] void fail_legacy(const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "legacy PyTorch file: " + problem);
}

// The size of an element in every stored block is only known from the tensors that use it.
std::unordered_map<std::string, int64_t> element_widths(const PickleTree& tree) {
    std::unordered_map<std::string, int64_t> widths;
    for (ValueId id = 0; id < tree.size(); ++id)
        if (const auto* storage = tree.get_if<Storage>(id))
            widths.emplace(storage->key, size_of(storage->type));
    return widths;
}

Blocks read_blocks(ByteReader& reader, const PickleTree& tree) {
    const PickleTree keys = read_pickle(reader);
    const auto* list = keys.get_if<Sequence>(keys.root);
    if (!list) fail_legacy("its list of storages is " + keys.describe(keys.root));
    const auto widths = element_widths(tree);
    Blocks blocks;
    for (const ValueId item : list->items) {
        const auto* key = keys.get_if<std::string>(item);
        const auto width = key ? widths.find(*key) : widths.end();
        if (width == widths.end()) fail_legacy("it lists a storage that no tensor uses");
        const uint64_t elements = reader.u64();
        if (elements > reader.remaining() / width->second)
            fail_legacy("storage '" + clean_text(*key, 40) + "' claims " + std::to_string(elements) +
                        " elements, " + std::to_string(reader.remaining()) + " bytes are left");
        if (!blocks.emplace(*key, reader.take(elements * width->second)).second)
            fail_legacy("it lists a storage twice");
    }
    return blocks;
}

Bytes view_of(const Blocks& blocks, const Storage& storage) {
    const auto found = blocks.find(storage.key);
    if (found == blocks.end()) fail_legacy("it has no storage '" + clean_text(storage.key, 40) + "'");
    const int64_t width = size_of(storage.type);
    const int64_t available = static_cast<int64_t>(found->second.size()) / width;
    if (storage.first > available || storage.elements > available - storage.first)
        fail_legacy("storage '" + clean_text(storage.key, 40) + "' holds " + std::to_string(available) +
                    " elements, a tensor's storage claims " + std::to_string(storage.elements) + " from " +
                    std::to_string(storage.first));
    return found->second.subspan(storage.first * width, storage.elements * width);
}

}  // namespace

bool is_torch_legacy(Bytes file) {
    return as_text(file).starts_with(kMagic);
}

TorchFile read_torch_legacy(Bytes file) {
    ByteReader reader(file.subspan(kMagic.size()), "legacy PyTorch file");
    const PickleTree version = read_pickle(reader);
    const auto* number = version.get_if<int64_t>(version.root);
    if (!number || *number != kProtocolVersion)
        fail_legacy("its protocol is not " + std::to_string(kProtocolVersion));
    read_pickle(reader);  // the machine that wrote it
    TorchFile result;
    result.tree = read_pickle(reader);
    auto blocks = std::make_shared<const Blocks>(read_blocks(reader, result.tree));
    result.block_of = [blocks](const Storage& storage) { return view_of(*blocks, storage); };
    return result;
}

}  // namespace msst::checkpoint
