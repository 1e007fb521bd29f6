#include "worker/probe_main.h"

#include <string>

#include <nlohmann/json.hpp>
#include <sysexits.h>
#include <unistd.h>

#include "audio/probe.h"
#include "base/descriptor_passing.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sandbox.h"

namespace msst::worker {
namespace {

constexpr int64_t kMemoryBytes = 1LL << 30;
constexpr int64_t kAddressSpaceBytes = 4LL << 30;
constexpr int64_t kProcessorSeconds = 10;

SandboxRules sandbox_for(const std::filesystem::path& file) {
    return {.calls = SystemCalls::decode_one_file,
            .limits = {.address_space_bytes = kAddressSpaceBytes,
                       .data_bytes = kMemoryBytes,
                       .cpu_seconds = kProcessorSeconds,
                       .file_size_bytes = 0,
                       .open_files = 64},
            .files = FileRules{.readable = {file}, .writable = {}}};
}

nlohmann::json to_json(const Error& error) {
    std::string code = error.reason();
    if (error.code() != ErrorCode::invalid_input) code = "unavailable";
    if (code.empty()) code = "invalid_audio";
    return {{"error", {{"code", code}, {"message", error.what()}}}};
}

nlohmann::json probe_to_json(const std::filesystem::path& file) {
    try {
        const audio::AudioInfo info = audio::probe(file);
        return {{"format", info.format},
                {"duration_seconds", info.duration_seconds},
                {"sample_rate", info.sample_rate},
                {"channels", info.channels}};
    } catch (const Error& error) {
        return to_json(error);
    }
}

}  // namespace

int run_probe_child(int socket) {
    write_all(socket, "ready\n", "the prober's socket");
    const UniqueFd file = receive_descriptor(socket);
    if (!file) return 0;
    const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file.get());
    nlohmann::json not_applied = enter_sandbox(sandbox_for(path));

    nlohmann::json answer = probe_to_json(path);
    if (!not_applied.empty()) answer["not_applied"] = std::move(not_applied);
    const std::string line =
        answer.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace) + "\n";
    try {
        write_all(socket, line, "the prober's socket");
    } catch (const Error&) {
        return EX_IOERR;  // nothing that the file did
    }
    return 0;
}

}  // namespace msst::worker
