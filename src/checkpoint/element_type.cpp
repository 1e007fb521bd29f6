#include "checkpoint/element_type.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"

namespace msst::checkpoint {
namespace {

struct Row {
    ElementType type;
    int64_t size_bytes;
    std::string_view dtype;
    std::string_view storage_class;
    std::string_view safetensors;
};

constexpr std::array<Row, 10> kTypes = {{
    {ElementType::float32, 4, "float32", "FloatStorage", "F32"},
    {ElementType::float16, 2, "float16", "HalfStorage", "F16"},
    {ElementType::bfloat16, 2, "bfloat16", "BFloat16Storage", "BF16"},
    {ElementType::float64, 8, "float64", "DoubleStorage", "F64"},
    {ElementType::int64, 8, "int64", "LongStorage", "I64"},
    {ElementType::int32, 4, "int32", "IntStorage", "I32"},
    {ElementType::int16, 2, "int16", "ShortStorage", "I16"},
    {ElementType::int8, 1, "int8", "CharStorage", "I8"},
    {ElementType::uint8, 1, "uint8", "ByteStorage", "U8"},
    {ElementType::boolean, 1, "bool", "BoolStorage", "BOOL"},
}};

const Row& row_of(ElementType type) {
    return kTypes[static_cast<size_t>(type)];
}

std::optional<ElementType> find(std::string_view Row::*column, std::string_view name) {
    for (const Row& row : kTypes)
        if (row.*column == name) return row.type;
    return std::nullopt;
}

// IEEE half precision, subnormals, infinities and NaN included.
float half_to_float(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const uint32_t exponent = (half >> 10) & 0x1fu;
    const uint32_t fraction = half & 0x3ffu;
    if (exponent == 0) {
        const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

template <class Stored>
Stored load(const std::byte* at) {
    Stored value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Calls use(convert) with the function that reads one element of `type` at an address.
template <class Use>
auto with_converter(ElementType type, Use use) {
    switch (type) {
        case ElementType::float32:
            return use([](const std::byte* at) { return load<float>(at); });
        case ElementType::float16:
            return use([](const std::byte* at) { return half_to_float(load<uint16_t>(at)); });
        case ElementType::bfloat16:
            return use([](const std::byte* at) {
                return std::bit_cast<float>(static_cast<uint32_t>(load<uint16_t>(at)) << 16);
            });
        case ElementType::float64:
            return use([](const std::byte* at) { return static_cast<float>(load<double>(at)); });
        case ElementType::int64:
            return use([](const std::byte* at) { return static_cast<float>(load<int64_t>(at)); });
        case ElementType::int32:
            return use([](const std::byte* at) { return static_cast<float>(load<int32_t>(at)); });
        case ElementType::int16:
            return use([](const std::byte* at) { return static_cast<float>(load<int16_t>(at)); });
        case ElementType::int8:
            return use([](const std::byte* at) { return static_cast<float>(load<int8_t>(at)); });
        case ElementType::uint8:
            return use([](const std::byte* at) { return static_cast<float>(load<uint8_t>(at)); });
        case ElementType::boolean:
            return use([](const std::byte* at) { return load<uint8_t>(at) != 0 ? 1.0f : 0.0f; });
    }
    throw Error(ErrorCode::internal, "an element type has no converter");
}

}  // namespace

int64_t size_of(ElementType type) {
    return row_of(type).size_bytes;
}
std::string_view to_string(ElementType type) {
    return row_of(type).dtype;
}

std::optional<ElementType> parse_storage_class(std::string_view name) {
    return find(&Row::storage_class, name);
}

std::optional<ElementType> parse_torch_dtype(std::string_view name) {
    if (name == "half") return ElementType::float16;
    if (name == "float") return ElementType::float32;
    if (name == "double") return ElementType::float64;
    if (name == "long") return ElementType::int64;
    return find(&Row::dtype, name);
}

std::optional<ElementType> parse_safetensors_dtype(std::string_view name) {
    return find(&Row::safetensors, name);
}

float element_as_float(Bytes bytes, ElementType type, int64_t index) {
    const std::byte* at = bytes.subspan(index * size_of(type), size_of(type)).data();
    return with_converter(type, [at](auto convert) { return convert(at); });
}

void convert_to_float(Bytes bytes, ElementType type, std::span<float> out) {
    const int64_t step = size_of(type);
    check(bytes.size() >= out.size() * step, "more elements are wanted than there are bytes");
    with_converter(type, [&](auto convert) {
        const std::byte* at = bytes.data();
        for (float& value : out) {
            value = convert(at);
            at += step;
        }
    });
}

}  // namespace msst::checkpoint
