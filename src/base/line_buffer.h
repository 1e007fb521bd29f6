#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace msst {

// Cuts a stream of bytes into lines. Memory is bounded: of a line longer than
// `max_bytes` only the beginning is kept.
class LineBuffer {
public:
    explicit LineBuffer(size_t max_bytes) : max_bytes_(max_bytes) {}

    // The lines that `bytes` completes, without their line feeds.
    std::vector<std::string> push(std::string_view bytes);

    // What came after the last line feed.
    std::string take_rest() { return std::exchange(line_, {}); }

private:
    void keep(std::string_view part) { line_.append(part.substr(0, max_bytes_ - line_.size())); }

    size_t max_bytes_;
    std::string line_;
};

}  // namespace msst
