#include "audio/probe.h"

#include "audio/decoder.h"

namespace msst::audio {

AudioInfo probe(const std::filesystem::path& file) {
    return Decoder(file).info();
}

}  // namespace msst::audio
