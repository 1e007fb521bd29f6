#include "checkpoint/safetensors.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/tensor_view.h"

namespace msst::checkpoint {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 16 << 20;

[[noreturn]] void fail_safetensors(const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "safetensors file: " + problem);
}

// Nesting deeper than {name: {"shape": [n]}} is refused while parsing, so that nothing recurses.
Json parse_header(std::string_view text) {
    const auto refuse_depth = [](int depth, Json::parse_event_t, Json&) {
        if (depth > 4) fail_safetensors("its header is nested too deeply");
        return true;
    };
    Json header = Json::parse(text, refuse_depth, /*allow_exceptions=*/false);
    if (!header.is_object()) fail_safetensors("its header is not a JSON object");
    return header;
}

std::vector<int64_t> read_integers(const Json& object, const char* key, const std::string& name) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) fail_safetensors("tensor '" + name + "' has no " + key);
    std::vector<int64_t> values;
    for (const Json& value : *found) {
        if (!value.is_number_unsigned() || value.get<uint64_t>() > INT64_MAX)
            fail_safetensors("tensor '" + name + "': " + key + " holds something that is not a size");
        values.push_back(value.get<int64_t>());
    }
    return values;
}

std::vector<int64_t> row_major_strides(const std::vector<int64_t>& shape, const std::string& name) {
    std::vector<int64_t> strides(shape.size(), 1);
    for (size_t axis = shape.size(); axis-- > 1;)
        if (__builtin_mul_overflow(strides[axis], std::max<int64_t>(shape[axis], 1), &strides[axis - 1]))
            fail_safetensors("tensor '" + name + "' has an impossible shape");
    return strides;
}

TensorView read_tensor(const Json& entry, const std::string& shown, Bytes data) {
    if (!entry.is_object()) fail_safetensors("tensor '" + shown + "' is not described by an object");
    const auto dtype = entry.find("dtype");
    const auto type = dtype != entry.end() && dtype->is_string()
                          ? parse_safetensors_dtype(dtype->get_ref<const std::string&>())
                          : std::nullopt;
    if (!type) fail_safetensors("tensor '" + shown + "' has an unsupported dtype");
    StoredTensor tensor;
    tensor.storage.type = *type;
    tensor.shape = read_integers(entry, "shape", shown);
    if (tensor.shape.size() > kMaxRank)
        fail_safetensors("tensor '" + shown + "' has " + std::to_string(tensor.shape.size()) + " axes");
    tensor.strides = row_major_strides(tensor.shape, shown);
    const std::vector<int64_t> range = read_integers(entry, "data_offsets", shown);
    if (range.size() != 2 || range[0] > range[1] || range[1] > std::ssize(data))
        fail_safetensors("tensor '" + shown + "' lies outside the " + std::to_string(data.size()) +
                         " bytes of data");
    const TensorView view = make_tensor_view(shown, tensor, data.subspan(range[0], range[1] - range[0]));
    if (view.elements() * size_of(*type) != range[1] - range[0])
        fail_safetensors("tensor '" + shown + "' has " + std::to_string(view.elements()) + " elements in " +
                         std::to_string(range[1] - range[0]) + " bytes");
    return view;
}

}  // namespace

bool is_safetensors(Bytes file) {
    if (file.size() < 10) return false;
    const uint64_t header_bytes = ByteReader(file, "header size").u64();
    return header_bytes >= 2 && header_bytes <= file.size() - 8 && static_cast<char>(file[8]) == '{';
}

Safetensors read_safetensors(Bytes file) {
    ByteReader reader(file, "safetensors file");
    const uint64_t header_bytes = reader.u64();
    if (header_bytes > kMaxHeaderBytes)
        fail_safetensors("its header has " + std::to_string(header_bytes) + " bytes, at most " +
                         std::to_string(kMaxHeaderBytes) + " are read");
    const Json header = parse_header(reader.take_text(header_bytes));
    const Bytes data = reader.take(reader.remaining());
    Safetensors result;
    for (const auto& [name, entry] : header.items()) {
        if (name != "__metadata__") {
            result.tensors.emplace(name, read_tensor(entry, clean_text(name, 200), data));
            continue;
        }
        for (const auto& [key, value] : entry.items())
            if (value.is_string()) result.metadata.emplace(key, value.get<std::string>());
    }
    return result;
}

}  // namespace msst::checkpoint
