#include "audio/audio_files.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numbers>

#include "base/files.h"

namespace msst::audio::testing {

std::filesystem::path test_audio(const std::string& name) {
    return std::filesystem::path(MSST_TEST_AUDIO) / name;
}

Block read_source(const std::string& name, int channels) {
    const std::string bytes = read_bytes(test_audio(name + ".f32"));
    std::vector<float> interleaved(bytes.size() / sizeof(float));
    std::memcpy(interleaved.data(), bytes.data(), bytes.size());
    Block block(channels, std::ssize(interleaved) / channels);
    for (int c = 0; c < channels; ++c)
        for (int64_t i = 0; i < block.frames; ++i) block.channel(c)[i] = interleaved[i * channels + c];
    return block;
}

Block join(const std::vector<Block>& blocks) {
    int64_t frames = 0;
    for (const Block& block : blocks) frames += block.frames;
    Block whole(blocks.empty() ? 0 : blocks.front().channels, frames);
    int64_t begin = 0;
    for (const Block& block : blocks) {
        for (int c = 0; c < whole.channels; ++c)
            std::ranges::copy(block.channel(c), whole.channel(c).subspan(begin).begin());
        begin += block.frames;
    }
    return whole;
}

Decoded decode(const std::filesystem::path& file, const DecoderOptions& options) {
    Decoder decoder(file, options);
    std::vector<Block> blocks;
    Block block;
    while (decoder.read(block)) blocks.push_back(block);
    return {decoder.info(), join(blocks), decoder.warnings()};
}

double max_difference(const Block& a, const Block& b) {
    if (a.channels != b.channels || a.frames != b.frames) return std::numeric_limits<double>::infinity();
    double most = 0;
    for (size_t i = 0; i < a.samples.size(); ++i)
        most = std::max(most, std::abs(static_cast<double>(a.samples[i]) - b.samples[i]));
    return most;
}

namespace {

double channel_snr_db(std::span<const float> source, std::span<const float> coded) {
    double product = 0, source_power = 0, coded_power = 0;
    for (size_t i = 0; i < source.size(); ++i) {
        product += static_cast<double>(source[i]) * coded[i];
        source_power += static_cast<double>(source[i]) * source[i];
        coded_power += static_cast<double>(coded[i]) * coded[i];
    }
    // The residual of the best gain g = product / coded_power: |s|^2 - product^2 / |c|^2.
    const double noise = source_power - product * product / coded_power;
    return 10 * std::log10(source_power / std::max(noise, 1e-30));
}

}  // namespace

double snr_db(const Block& source, const Block& coded) {
    double worst = std::numeric_limits<double>::infinity();
    if (source.channels != coded.channels || source.frames != coded.frames) return -worst;
    for (int c = 0; c < source.channels; ++c)
        worst = std::min(worst, channel_snr_db(source.channel(c), coded.channel(c)));
    return worst;
}

Block make_sine(int channels, int64_t frames, double cycles_per_frame, double level) {
    Block block(channels, frames);
    for (int c = 0; c < channels; ++c)
        for (int64_t i = 0; i < frames; ++i)
            block.channel(c)[i] = static_cast<float>(
                level * std::sin(2 * std::numbers::pi * cycles_per_frame * static_cast<double>(i)));
    return block;
}

std::string read_bytes(const std::filesystem::path& file) {
    return read_file(file);
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

Error decoding_error(const std::filesystem::path& file, const DecoderOptions& options) {
    try {
        decode(file, options);
    } catch (const Error& error) {
        return error;
    }
    return Error(ErrorCode::internal, "");
}

}  // namespace msst::audio::testing
