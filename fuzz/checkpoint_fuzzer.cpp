#include <memory>
#include <string>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"
#include "checkpoint/state_dict.h"

// Any bytes as a checkpoint file, and as a bare pickle: reading ends with tensors or with
// Error(invalid_input).

namespace {

using msst::checkpoint::Bytes;

template <class Read>
void accept_refusals(Read read) {
    try {
        read();
    } catch (const msst::Error& error) {
        if (error.code() != msst::ErrorCode::invalid_input) throw;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto file = std::make_shared<const std::string>(reinterpret_cast<const char*>(data), size);
    const Bytes bytes = std::as_bytes(std::span(file->data(), file->size()));
    accept_refusals([&] {
        const auto checkpoint = msst::checkpoint::Checkpoint::parse(bytes, file);
        for (const std::string& name : checkpoint.names()) checkpoint.read(name);
    });
    accept_refusals([&] {
        msst::checkpoint::ByteReader reader(bytes, "a pickle");
        msst::checkpoint::find_state_dict(msst::checkpoint::read_pickle(reader));
    });
    return 0;
}
