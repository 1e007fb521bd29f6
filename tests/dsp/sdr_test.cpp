#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "audio/decoder.h"
#include "dsp/dsp_separator.h"
#include "separation/frame_queue.h"

// How well the embedded model separates, as the signal-to-distortion ratio against the true stems of three
// songs made by demo/make_song.py. The baseline is the mixture itself taken for the stem. docs/models/dsp.md
// has the figures.

namespace msst::dsp {
namespace {

const std::filesystem::path kSongs = MSST_TEST_SONGS;

audio::Block read(const std::filesystem::path& path) {
    audio::Decoder decoder(path);
    separation::FrameQueue all(decoder.channels());
    audio::Block block;
    while (decoder.read(block)) all.push(block);
    return all.pop(all.frames());
}

double sdr_db(const audio::Block& truth, const audio::Block& estimate) {
    double signal = 0, distortion = 0;
    for (size_t i = 0; i < truth.samples.size(); ++i) {
        const double error = truth.samples[i] - estimate.samples[i];
        signal += truth.samples[i] * truth.samples[i];
        distortion += error * error;
    }
    return 10 * std::log10(signal / distortion);
}

std::vector<audio::Block> separate(const audio::Block& song) {
    const auto separator = make_dsp_separator();
    const auto stream = separator->open({});
    std::vector<separation::FrameQueue> stems(4, separation::FrameQueue(2));
    const auto sink = [&](separation::StemBlocks blocks) {
        for (size_t s = 0; s < blocks.size(); ++s) stems[s].push(std::move(blocks[s]));
    };
    stream->push(song, sink);
    stream->finish(sink);
    std::vector<audio::Block> out;
    for (auto& stem : stems) out.push_back(stem.pop(stem.frames()));
    return out;
}

struct Expected {
    const char* song;
    double gain_db[4];  // over the baseline, at least: vocals, drums, bass, other
};

class Sdr : public ::testing::TestWithParam<Expected> {};

TEST_P(Sdr, OfEveryStemBeatsTheMixtureClearly) {
    const std::filesystem::path folder = kSongs / GetParam().song;
    const audio::Block mixture = read(folder / "song.flac");
    const auto stems = separate(mixture);
    const std::vector<std::string> names = make_dsp_separator()->info().instruments;
    for (size_t s = 0; s < names.size(); ++s) {
        const audio::Block truth = read(folder / (names[s] + ".wav"));
        ASSERT_EQ(truth.frames, mixture.frames);
        const double baseline = sdr_db(truth, mixture), ours = sdr_db(truth, stems[s]);
        std::cout << "song " << GetParam().song << ", " << names[s] << ": mixture " << baseline << " dB, dsp "
                  << ours << " dB\n";
        EXPECT_GT(ours - baseline, GetParam().gain_db[s]) << names[s];
    }
}

INSTANTIATE_TEST_SUITE_P(DemoSongs, Sdr,
                         ::testing::Values(Expected{"0", {10, 12, 10, 9}}, Expected{"1", {9, 11, 8.5, 7.5}},
                                           Expected{"3", {9, 12, 10, 8}}),
                         [](const auto& test) { return std::string("Song") + test.param.song; });

TEST(DemoSong, IsWhatTheScriptMakes) {
    const audio::Block committed = read(std::filesystem::path(MSST_DEMO) / "song.flac");
    const audio::Block made = read(kSongs / "0" / "song.flac");
    ASSERT_EQ(committed.frames, made.frames);
    // Other versions of numpy may round otherwise; 16 bit is 3e-5 a step.
    for (size_t i = 0; i < made.samples.size(); ++i) ASSERT_NEAR(committed.samples[i], made.samples[i], 1e-3);
}

TEST(DemoSong, IsTheSumOfItsStems) {
    audio::Block sum = read(kSongs / "0" / "vocals.wav");
    for (const char* name : {"drums.wav", "bass.wav", "other.wav"}) {
        const audio::Block stem = read(kSongs / "0" / name);
        for (size_t i = 0; i < sum.samples.size(); ++i) sum.samples[i] += stem.samples[i];
    }
    const audio::Block mixture = read(kSongs / "0" / "song.flac");
    for (size_t i = 0; i < sum.samples.size(); ++i) ASSERT_NEAR(sum.samples[i], mixture.samples[i], 1e-4);
}

}  // namespace
}  // namespace msst::dsp
