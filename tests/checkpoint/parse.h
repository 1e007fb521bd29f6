#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle_builder.h"
#include "checkpoint/zip_builder.h"

namespace msst::checkpoint::testing {

inline Bytes bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

inline Checkpoint parse(const std::string& file) {
    const auto owner = std::make_shared<const std::string>(file);
    return Checkpoint::parse(bytes_of(*owner), owner);
}

inline std::string floats(const std::vector<float>& values) {
    std::string bytes(values.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

// A checkpoint whose data.pkl is `pickle` and whose storage "0" holds 1 … 6.
inline std::string torch_zip(const std::string& pickle) {
    return build_zip({{"archive/data.pkl", pickle}, {"archive/data/0", floats({1, 2, 3, 4, 5, 6})}});
}

// What is said when `file` is refused; "" when it is not.
inline std::string refusal(const std::string& file) {
    try {
        parse(file);
    } catch (const Error& error) {
        return error.code() == ErrorCode::invalid_input ? error.what()
                                                        : "not invalid_input: " + std::string(error.what());
    }
    return "";
}

}  // namespace msst::checkpoint::testing
