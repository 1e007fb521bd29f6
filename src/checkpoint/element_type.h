#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "checkpoint/byte_reader.h"

namespace msst::checkpoint {

// What one element of a stored tensor is, little-endian.
enum class ElementType { float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, boolean };

int64_t size_of(ElementType type);  // bytes
std::string_view to_string(ElementType type);

// "FloatStorage" … as torch names its storage classes.
std::optional<ElementType> parse_storage_class(std::string_view name);
// "float32" … as torch names its dtypes.
std::optional<ElementType> parse_torch_dtype(std::string_view name);
// "F32" … as safetensors names them.
std::optional<ElementType> parse_safetensors_dtype(std::string_view name);

// Element `index` of `bytes`, which holds elements of `type`, as float32.
float element_as_float(Bytes bytes, ElementType type, int64_t index);

// As many elements as `out` holds, consecutive, from the start of `bytes`.
void convert_to_float(Bytes bytes, ElementType type, std::span<float> out);

}  // namespace msst::checkpoint
