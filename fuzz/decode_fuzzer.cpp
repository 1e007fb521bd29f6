#include <cmath>
#include <string>

#include <sys/mman.h>

#include "audio/decoder.h"
#include "base/error.h"
#include "base/files.h"

// Any bytes as an upload: decoding ends with finite blocks of the promised shape or with
// Error(invalid_input). The first byte chooses the options, the rest is the file.

namespace {

using namespace msst;

void expect_block(const audio::Decoder& decoder, const audio::Block& block) {
    check(block.frames > 0 && block.frames <= audio::Decoder::kMaxBlockFrames, "a block of a wrong size");
    check(block.channels == decoder.channels(), "a block with wrong channels");
    check(std::ssize(block.samples) == block.channels * block.frames, "a block with wrong samples");
    for (float sample : block.samples) check(std::isfinite(sample), "a sample that is not finite");
}

void decode(const std::string& file, int max_channels) {
    audio::Decoder decoder(file, {.max_seconds = 20, .max_channels = max_channels});
    check(decoder.info().duration_seconds > 0, "no duration");
    check(decoder.channels() <= max_channels, "too many channels");
    audio::Block block;
    while (decoder.read(block)) expect_block(decoder, block);
    decoder.warnings();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const UniqueFd fd(memfd_create("upload", MFD_CLOEXEC));
    write_all(fd.get(), std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1), "upload");
    try {
        decode("/proc/self/fd/" + std::to_string(fd.get()), /*max_channels=*/1 + (data[0] & 1));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_input) throw;
    }
    return 0;
}
