#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// What a process gives up, for good, before it reads strangers' bytes. Whoever
// takes it over by a bug in a decoder finds no network, no other program to
// run, and only the files that it was meant to work on.

namespace msst {

// Resource limits; none = as inherited.
struct ResourceLimits {
    std::optional<int64_t> address_space_bytes = {};  // of everything mapped
    std::optional<int64_t> data_bytes = {};           // of private writable memory
    std::optional<int64_t> cpu_seconds = {};
    std::optional<int64_t> file_size_bytes = {};  // of one file written
    std::optional<int64_t> open_files = {};
};

// Files that may still be opened (Landlock); a folder stands for all that is below it.
struct FileRules {
    std::vector<std::filesystem::path> readable;
    std::vector<std::filesystem::path> writable;  // also made, renamed and removed
};

enum class SystemCalls {
    // What a decoder of one open file needs, and nothing else: memory, reading, the clock, ending. No new
    // process or thread, no socket, no file opened for writing. The rest fails with EPERM.
    decode_one_file,
    // Everything but the network, other programs, other processes, and what administers the machine. Threads,
    // files and devices are left: a device's runtime needs them.
    compute,
};

struct SandboxRules {
    SystemCalls calls = SystemCalls::compute;
    ResourceLimits limits = {};
    std::optional<FileRules> files = {};  // none: as far as the user's rights go
};

// For the whole process, threads that run already included (but see FileRules: those hold for the calling
// thread and the ones it starts, so call this before there are others). No core dumps, no new privileges, no
// tracing by other processes.
//
// Returns what could not be applied, one sentence each: the kernel lacks it, or a sanitizer of this build
// needs it. Whoever calls decides whether that is enough.
std::vector<std::string> enter_sandbox(const SandboxRules& rules);

}  // namespace msst
