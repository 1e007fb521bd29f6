#include "supervisor/node_name.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"

namespace msst::supervisor {
namespace {

constexpr size_t kMostBytes = 100;
constexpr int kRandomBytes = 8;

bool is_plain(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
}

bool is_node_name(const std::string& name) {
    return !name.empty() && name.size() <= kMostBytes && std::ranges::all_of(name, is_plain);
}

// Empty: there is none, or no name is in it.
std::string read_name(const std::filesystem::path& file) {
    try {
        const std::string name(trim(read_file(file)));
        return is_node_name(name) ? name : "";
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        return {};
    }
}

std::string make_name() {
    std::array<char, 65> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host.front() = '\0';
    std::string name = host.data();
    std::erase_if(name, [](char c) { return !is_plain(c); });
    return (name.empty() ? "server" : name) + "-" + make_random_hex(kRandomBytes);
}

}  // namespace

std::string node_name(const std::filesystem::path& data_dir) {
    const std::filesystem::path file = data_dir / "node";
    if (const std::string name = read_name(file); !name.empty()) return name;
    const std::string name = make_name();
    make_private_directories(data_dir);
    const std::filesystem::path draft = data_dir / "node.new";
    {
        const UniqueFd written = open_file(draft, O_WRONLY | O_CREAT | O_TRUNC);
        write_all(written.get(), name + "\n", draft);
        sync_file(written.get(), draft);
    }
    rename_durably(draft, file);
    return name;
}

}  // namespace msst::supervisor
