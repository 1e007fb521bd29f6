#pragma once

#include <map>
#include <string>

namespace msst::worker {

// Names for the files of one attempt. A stem's name comes from a model's configuration and may hold anything;
// a file's name holds letters, digits, '_' and '-' only, and no two stems share one.
class StemFileNames {
public:
    // extension: without the dot.
    explicit StemFileNames(std::string extension) : extension_(std::move(extension)) {}

    // "vocals" -> "vocals.wav"; the same answer every time.
    std::string name_for(const std::string& stem);

private:
    std::string extension_;
    std::map<std::string, std::string> names_;  // stem -> file
};

}  // namespace msst::worker
