#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace msst::config {

// The word of `known` that somebody who wrote `word` may have meant: at most a third of its letters differ.
// Empty when none comes near.
std::string most_similar(std::string_view word, const std::vector<std::string>& known);

// "; did you mean 'port'?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace msst::config
