#include "base/landlock.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/files.h"

namespace msst {
namespace {

// By version of the interface: Debian 12's header knows the first two only.
constexpr uint64_t kRefer = uint64_t{1} << 13;     // 2: renaming from one folder to another
constexpr uint64_t kTruncate = uint64_t{1} << 14;  // 3
constexpr uint64_t kIoctl = uint64_t{1} << 15;     // 5: on devices; left alone, a GPU is driven by it

constexpr uint64_t kReadRights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kFirstVersionRights = (uint64_t{1} << 13) - 1;

// All rights that this kernel can take away.
uint64_t known_rights(int64_t version) {
    uint64_t rights = kFirstVersionRights;
    if (version >= 2) rights |= kRefer;
    if (version >= 3) rights |= kTruncate;
    return rights & ~kIoctl;
}

// A rule for a single file may hold only these.
constexpr uint64_t kFileRights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | kTruncate;

bool add_rule(int ruleset, const std::filesystem::path& path, uint64_t rights) {
    const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!fd) return true;
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0) return false;
    if (!S_ISDIR(facts.st_mode)) rights &= kFileRights;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = fd.get();
    return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

}  // namespace

std::string restrict_files(const FileRules& rules) {
    const int64_t version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return "the kernel has no Landlock";

    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = known_rights(version);
    const UniqueFd ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
    bool is_complete = static_cast<bool>(ruleset);
    for (const auto& path : rules.readable)
        is_complete = is_complete && add_rule(ruleset.get(), path, kReadRights);
    // Making device files, links and programs that run is nobody's work here.
    const uint64_t write_rights =
        attributes.handled_access_fs & ~(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                         LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_EXECUTE);
    for (const auto& path : rules.writable)
        is_complete = is_complete && add_rule(ruleset.get(), path, write_rights);
    if (!is_complete || ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        return std::strerror(errno);
    return {};
}

}  // namespace msst
