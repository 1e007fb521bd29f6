#include "checkpoint/pickle_globals.h"

#include <charconv>
#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/tensor_view.h"

namespace msst::checkpoint {
namespace {

constexpr size_t kMaxDtypeCodeBytes = 16;
constexpr size_t kMaxStorageKeyBytes = 200;

[[noreturn]] void fail(const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "pickle: " + problem);
}

// The arguments of one call, with the tree they live in.
class Arguments {
public:
    Arguments(const PickleTree& the_tree, ValueId args, const ChargeItems& charge_items, std::string function)
        : tree(the_tree), charge(charge_items), function_(std::move(function)) {
        const auto* sequence = tree.get_if<Sequence>(args);
        if (!sequence) fail(function_ + " is given " + tree.describe(args) + " instead of a tuple");
        items_ = &sequence->items;
    }

    size_t size() const { return items_->size(); }

    ValueId id(size_t index) const {
        if (index >= size())
            fail(function_ + " is given " + std::to_string(size()) + " arguments, at least " +
                 std::to_string(index + 1) + " are needed");
        return (*items_)[index];
    }

    template <class Type>
    const Type& at(size_t index, const char* wanted) const {
        const Type* value = tree.get_if<Type>(id(index));
        if (!value)
            fail(function_ + ": argument " + std::to_string(index) + " is " + tree.describe(id(index)) +
                 ", not " + wanted);
        return *value;
    }

    int64_t integer(size_t index) const { return at<int64_t>(index, "an integer"); }

    std::vector<int64_t> sizes(size_t index) const {
        const auto& sequence = at<Sequence>(index, "a tuple of sizes");
        if (sequence.items.size() > kMaxRank)
            fail(function_ + ": a tensor of " + std::to_string(sequence.items.size()) + " axes, " +
                 std::to_string(kMaxRank) + " are supported");
        std::vector<int64_t> sizes;
        for (const ValueId item : sequence.items) {
            const auto* size = tree.get_if<int64_t>(item);
            if (!size) fail(function_ + ": a tensor size is " + tree.describe(item));
            sizes.push_back(*size);
        }
        return sizes;
    }

    const PickleTree& tree;
    const ChargeItems& charge;

private:
    std::string function_;
    const std::vector<ValueId>* items_;
};

using Meaning = PickleValue (*)(const Arguments&);

PickleValue empty_dict(const Arguments&) {
    return Dict();
}

// dict(), dict(other dict), dict([(key, value), …]).
PickleValue make_dict(const Arguments& args) {
    Dict dict;
    if (args.size() == 0) return dict;
    if (const auto* other = args.tree.get_if<Dict>(args.id(0))) {
        args.charge(other->entries.size());
        return *other;
    }
    const auto& pairs = args.at<Sequence>(0, "a list of pairs");
    args.charge(pairs.items.size());
    for (const ValueId item : pairs.items) {
        const auto* pair = args.tree.get_if<Sequence>(item);
        if (!pair || pair->items.size() != 2) fail("a dict is made of " + args.tree.describe(item));
        dict.entries.emplace_back(pair->items[0], pair->items[1]);
    }
    return dict;
}

template <SequenceKind kKind>
PickleValue make_sequence(const Arguments& args) {
    if (args.size() == 0) return Sequence{kKind, {}};
    const auto& other = args.at<Sequence>(0, "a list");
    args.charge(other.items.size());
    return Sequence{kKind, other.items};
}

// (storage, offset, size, stride, …): torch's tensors, and its older two-argument form is the same up to
// here.
PickleValue make_tensor(const Arguments& args) {
    StoredTensor tensor;
    tensor.storage = args.at<Storage>(0, "a storage");
    tensor.offset = args.integer(1);
    tensor.shape = args.sizes(2);
    tensor.strides = args.sizes(3);
    return tensor;
}

// (storage, offset, size, stride, requires_grad, hooks, dtype, …): the storage counts bytes, dtype says
// elements.
PickleValue make_typed_tensor(const Arguments& args) {
    auto tensor = std::get<StoredTensor>(make_tensor(args));
    std::string_view dtype = args.at<Global>(6, "a dtype").name;
    if (dtype.starts_with("torch.")) dtype.remove_prefix(6);
    const auto type = parse_torch_dtype(dtype);
    if (!type) fail("tensors of dtype " + clean_text(dtype, 40) + " are not supported");
    const int64_t old_bytes = size_of(tensor.storage.type);
    if (old_bytes != 1 && old_bytes != size_of(*type)) fail("a tensor's dtype does not fit its storage");
    if (old_bytes == 1) tensor.storage.elements /= size_of(*type);
    tensor.storage.type = *type;
    return tensor;
}

PickleValue first_argument(const Arguments& args) {
    const PickleValue& value = args.tree[args.id(0)];
    if (const auto* sequence = std::get_if<Sequence>(&value)) args.charge(sequence->items.size());
    if (const auto* dict = std::get_if<Dict>(&value)) args.charge(dict->entries.size());
    if (const auto* text = std::get_if<std::string>(&value)) args.charge(text->size());
    if (const auto* bytes = std::get_if<ByteString>(&value)) args.charge(bytes->bytes.size());
    return value;
}

PickleValue make_parameter(const Arguments& args) {
    return args.at<StoredTensor>(0, "a tensor");
}

double divide(int64_t over, int64_t under) {
    if (under == 0) fail("a fraction has denominator 0");
    return static_cast<double>(over) / static_cast<double>(under);
}

double parse_fraction(std::string_view text) {
    const char* end = text.data() + text.size();
    int64_t over = 0;
    int64_t under = 1;
    std::from_chars_result at = std::from_chars(text.data(), end, over);
    if (at.ec == std::errc() && at.ptr != end && *at.ptr == '/') at = std::from_chars(at.ptr + 1, end, under);
    if (at.ec != std::errc() || at.ptr != end) fail("'" + clean_text(text, 40) + "' is not a fraction");
    return divide(over, under);
}

// Fraction("39/5"), Fraction(39, 5).
PickleValue make_fraction(const Arguments& args) {
    if (const auto* text = args.tree.get_if<std::string>(args.id(0))) return parse_fraction(*text);
    return divide(args.integer(0), args.size() > 1 ? args.integer(1) : 1);
}

// encode(text, "latin1"): how protocol 2 writes bytes. Characters arrive as UTF-8 below U+0100.
PickleValue make_bytes(const Arguments& args) {
    const auto& text = args.at<std::string>(0, "a text");
    args.charge(text.size());
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead >= 0xc2 && lead <= 0xc3 && i + 1 < text.size())
            bytes.push_back(
                static_cast<char>((lead & 3) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f)));
        else
            bytes.push_back(text[i]);
    }
    return ByteString{std::move(bytes)};
}

// dtype("f8", …) is kept as its code.
PickleValue make_numpy_dtype(const Arguments& args) {
    const auto* code = args.tree.get_if<std::string>(args.id(0));
    if (code && code->size() <= kMaxDtypeCodeBytes) return *code;
    return Opaque{"numpy.dtype"};
}

template <class Number>
PickleValue decode_scalar(const std::string& bytes) {
    if (bytes.size() != sizeof(Number)) return Opaque{"numpy scalar"};
    Number number;
    std::memcpy(&number, bytes.data(), sizeof number);
    if constexpr (std::is_floating_point_v<Number>)
        return static_cast<double>(number);
    else
        return static_cast<int64_t>(number);
}

// scalar(dtype, bytes): metrics of a training run.
PickleValue make_numpy_scalar(const Arguments& args) {
    const auto* code = args.tree.get_if<std::string>(args.id(0));
    const auto* bytes = args.size() > 1 ? args.tree.get_if<ByteString>(args.id(1)) : nullptr;
    if (!code || !bytes) return Opaque{"numpy scalar"};
    if (*code == "f8") return decode_scalar<double>(bytes->bytes);
    if (*code == "f4") return decode_scalar<float>(bytes->bytes);
    if (*code == "i8") return decode_scalar<int64_t>(bytes->bytes);
    if (*code == "i4") return decode_scalar<int32_t>(bytes->bytes);
    return Opaque{"numpy scalar"};
}

const std::unordered_map<std::string_view, Meaning>& meanings() {
    static const std::unordered_map<std::string_view, Meaning> kTable = {
        {"collections.OrderedDict", make_dict},
        {"collections.defaultdict", empty_dict},  // its argument is a factory; the items follow by SETITEMS
        {"builtins.dict", make_dict},
        {"builtins.list", make_sequence<SequenceKind::list>},
        {"builtins.tuple", make_sequence<SequenceKind::tuple>},
        {"builtins.set", make_sequence<SequenceKind::set>},
        {"__builtin__.dict", make_dict},
        {"__builtin__.list", make_sequence<SequenceKind::list>},
        {"__builtin__.tuple", make_sequence<SequenceKind::tuple>},
        {"__builtin__.set", make_sequence<SequenceKind::set>},
        {"torch.Size", make_sequence<SequenceKind::tuple>},
        {"torch.device", first_argument},
        {"torch.serialization._get_layout", first_argument},
        {"torch._utils._rebuild_tensor", make_tensor},
        {"torch._utils._rebuild_tensor_v2", make_tensor},
        {"torch._utils._rebuild_tensor_v3", make_typed_tensor},
        {"torch._utils._rebuild_parameter", make_parameter},
        {"torch._utils._rebuild_parameter_with_state", make_parameter},
        {"fractions.Fraction", make_fraction},
        {"_codecs.encode", make_bytes},
        {"numpy.dtype", make_numpy_dtype},
        {"numpy.core.multiarray.scalar", make_numpy_scalar},
        {"numpy._core.multiarray.scalar", make_numpy_scalar},
        {"numpy.float64", first_argument},
        {"numpy.float32", first_argument},
        {"numpy.int64", first_argument},
        {"numpy.bool_", first_argument},
    };
    return kTable;
}

ElementType storage_type(const PickleTree& tree, ValueId id) {
    const auto* global = tree.get_if<Global>(id);
    if (!global) fail("a storage's type is " + tree.describe(id));
    const std::string_view name = global->name;
    if (name == "torch.storage.UntypedStorage" || name == "torch.UntypedStorage") return ElementType::uint8;
    if (const size_t dot = name.rfind('.'); name.starts_with("torch."))
        if (const auto type = parse_storage_class(name.substr(dot + 1))) return *type;
    fail("storages of type " + tree.describe(id) + " are not supported");
}

}  // namespace

PickleValue reduce_global(const PickleTree& tree, ValueId callable, ValueId args, const ChargeItems& charge) {
    const auto* global = tree.get_if<Global>(callable);
    if (!global) {
        const auto* opaque = tree.get_if<Opaque>(callable);
        std::string origin = opaque ? opaque->origin : tree.describe(callable);
        charge(origin.size());
        return Opaque{std::move(origin)};
    }
    // (function, type, args, state): a tensor of a subclass; what it holds is what function(*args) gives.
    if (global->name == "torch._tensor._rebuild_from_type_v2") {
        const Arguments outer(tree, args, charge, global->name);
        const auto* inner = tree.get_if<Global>(outer.id(0));
        if (!inner || inner->name == global->name)
            fail("a tensor subclass is rebuilt by " + tree.describe(outer.id(0)));
        return reduce_global(tree, outer.id(0), outer.id(2), charge);
    }
    const auto found = meanings().find(global->name);
    if (found == meanings().end()) {
        charge(global->name.size());
        return Opaque{global->name};
    }
    return found->second(Arguments(tree, args, charge, global->name));
}

Storage read_persistent_id(const PickleTree& tree, ValueId id) {
    const ChargeItems nothing_to_charge = [](size_t) {};
    const Arguments parts(tree, id, nothing_to_charge, "a persistent id");
    if (parts.at<std::string>(0, "the word 'storage'") != "storage") fail("a persistent id is not a storage");
    Storage storage;
    storage.type = storage_type(tree, parts.id(1));
    const auto& key = parts.at<std::string>(2, "a key");
    if (key.size() > kMaxStorageKeyBytes)
        fail("a storage's key has " + std::to_string(key.size()) + " bytes");
    storage.key = key;
    storage.elements = parts.integer(4);
    if (parts.size() > 5 && tree.get_if<Sequence>(parts.id(5))) {  // legacy: a view of the stored block
        const Arguments view(tree, parts.id(5), nothing_to_charge, "a storage view");
        storage.first = view.integer(1);
        storage.elements = view.integer(2);
    }
    if (storage.first < 0 || storage.elements < 0) fail("a storage has a negative size");
    return storage;
}

}  // namespace msst::checkpoint
