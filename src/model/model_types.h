#pragma once

#include <string>
#include <string_view>
#include <vector>

// The types of networks that MSST and its graphical front ends know by name.

namespace msst::model {

// A type that exists but is not run.
struct RefusedType {
    std::string_view name;
    std::string_view reason;  // why, as the end of a sentence
};

const std::vector<RefusedType>& refused_types();

// Whether anybody calls networks so: a type that is run, or one that is refused by name.
bool is_known_type(std::string_view model_type);

// Throws Error(invalid_input, …, "unsupported_model") with a sentence that names the type and says why,
// unless it is run.
void require_supported_type(std::string_view model_type);

}  // namespace msst::model
