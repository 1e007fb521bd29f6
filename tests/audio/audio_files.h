#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audio/block.h"
#include "audio/decoder.h"
#include "base/error.h"

// The files that tests/data/make_audio.py made, decoding them whole, and comparing with what went in.

namespace msst::audio::testing {

// A file made for the tests, by its name there.
std::filesystem::path test_audio(const std::string& name);

// A raw source, [channels, frames].
Block read_source(const std::string& name, int channels);

struct Decoded {
    AudioInfo info;
    Block audio;
    std::vector<std::string> warnings;
};
Decoded decode(const std::filesystem::path& file, const DecoderOptions& options = {});

// Blocks one after the other; those without frames are passed over.
Block join(const std::vector<Block>& blocks);

// Largest absolute difference; infinite if the shapes differ.
double max_difference(const Block& a, const Block& b);

// Signal-to-noise ratio in dB of `coded` against `source` at zero lag, after the best common gain (some
// encoders turn the level down). The worst channel counts; minus infinity if the shapes differ.
double snr_db(const Block& source, const Block& coded);

// One sine, the same in every channel.
Block make_sine(int channels, int64_t frames, double cycles_per_frame, double level);

std::string read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

// The Error that opening and decoding the file ends with; code internal and no text if it ends well.
Error decoding_error(const std::filesystem::path& file, const DecoderOptions& options = {});

}  // namespace msst::audio::testing
