#include "device/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include <unistd.h>

namespace msst::device {
namespace {

namespace fs = std::filesystem;

// The number behind `name` in a file of lines "name: 123 kB" or "name 123", in units of `unit` bytes.
std::optional<int64_t> find_number(const fs::path& file, const std::string& name, int64_t unit) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        int64_t number = 0;
        if (words >> word >> number && word == name) return number * unit;
    }
    return std::nullopt;
}

// A file that holds one number; "max" is none.
std::optional<int64_t> read_number(const fs::path& file) {
    std::ifstream stream(file);
    int64_t number = 0;
    if (stream >> number) return number;
    return std::nullopt;
}

// This process's own, from "total resident …" in pages.
int64_t resident_bytes(const fs::path& root) {
    std::ifstream stream(root / "proc/self/statm");
    int64_t total = 0;
    int64_t resident = 0;
    if (!(stream >> total >> resident)) return 0;
    return resident * ::sysconf(_SC_PAGESIZE);
}

// "/user.slice/x" of the line "0::/user.slice/x"; empty where there is none (version 1).
std::string own_group(const fs::path& root) {
    std::ifstream lines(root / "proc/self/cgroup");
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("0::/")) return line.substr(4);
    return {};
}

// What one control group allows, and how much of it is left; files that the kernel may drop count as free.
std::optional<Memory> group_memory(const fs::path& folder) {
    const auto limit = read_number(folder / "memory.max");
    const auto used = read_number(folder / "memory.current");
    if (!limit || !used) return std::nullopt;
    const int64_t droppable = find_number(folder / "memory.stat", "inactive_file", 1).value_or(0);
    return Memory{.total_bytes = *limit, .free_bytes = std::max<int64_t>(0, *limit - *used + droppable)};
}

void take_less(Memory& memory, const Memory& other) {
    memory.total_bytes = std::min(memory.total_bytes, other.total_bytes);
    memory.free_bytes = std::min(memory.free_bytes, other.free_bytes);
}

}  // namespace

Memory machine_memory(const fs::path& root) {
    constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max() / 2;
    const fs::path facts = root / "proc/meminfo";
    Memory memory{.total_bytes = find_number(facts, "MemTotal:", 1024).value_or(kUnknown),
                  .free_bytes = find_number(facts, "MemAvailable:", 1024).value_or(kUnknown)};
    // A limit holds for everything below it.
    const fs::path top = root / "sys/fs/cgroup";
    for (fs::path group = own_group(root); true; group = group.parent_path()) {
        if (const auto limited = group_memory(top / group)) take_less(memory, *limited);
        if (group.empty()) break;
    }
    memory.free_bytes = std::min(memory.total_bytes, memory.free_bytes + resident_bytes(root));
    return memory;
}

}  // namespace msst::device
