#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "audio/audio_files.h"
#include "audio/decoder.h"
#include "support/temp_folder.h"

// Many damaged copies of whole songs: each decodes to finite samples, or is refused; the sanitizers watch.
// MSST_MUTATIONS=200 for more copies of each song than these few.

namespace msst::audio {
namespace {

using namespace testing;  // NOLINT: the helpers of audio_files.h
using Random = std::minstd_rand;

constexpr size_t kHeadBytes = 1024;

size_t copies_of_each() {
    const char* wanted = std::getenv("MSST_MUTATIONS");
    return wanted ? std::strtoul(wanted, nullptr, 10) : 7;
}

// Flips about one bit in `every` of the first `end` bytes.
void flip_bits(std::string& song, size_t end, size_t every, Random& random) {
    for (size_t i = 0; i <= 8 * end / every; ++i)
        song[random() % end] ^= static_cast<char>(1 << random() % 8);
}

// One of seven kinds of damage; `other` is another song.
std::string mutate(std::string song, const std::string& other, size_t kind, Random& random) {
    size_t begin = random() % song.size(), end = random() % song.size();
    if (begin > end) std::swap(begin, end);
    const size_t length = end - begin;
    switch (kind % 7) {
        case 0:
            flip_bits(song, song.size(), 10'000, random);
            break;
        case 1:
            flip_bits(song, song.size(), 250, random);
            break;
        case 2:
            flip_bits(song, std::min(kHeadBytes, song.size()), 500, random);
            break;
        case 3:
            song.erase(begin, length);
            break;
        case 4:
            song.insert(end, song.substr(begin, length));
            break;
        case 5:
            song.replace(begin, length, length, '\0');
            break;
        case 6:
            song.replace(begin, length, other.substr(std::min(begin, other.size()), length));
            break;
    }
    return song;
}

// True: decoded. False: refused as damaged. Anything else fails the test.
bool decodes(const std::filesystem::path& file) {
    try {
        Decoder decoder(file, {.max_seconds = 60});
        Block block;
        int64_t not_finite = 0;
        while (decoder.read(block))
            not_finite +=
                std::ranges::count_if(block.samples, [](float sample) { return !std::isfinite(sample); });
        decoder.warnings();
        EXPECT_EQ(not_finite, 0);
        return true;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input) << error.what();
        return false;
    }
}

class MutatedAudio : public ::testing::TestWithParam<const char*> {};

TEST_P(MutatedAudio, DecodesOrIsRefused) {
    const msst::testing::TempFolder folder;
    const std::string song = read_bytes(test_audio(GetParam()));
    const std::string other = read_bytes(test_audio("s16.flac"));
    size_t decoded = 0;
    for (size_t i = 0; i < copies_of_each(); ++i) {
        SCOPED_TRACE("copy " + std::to_string(i));
        Random random(static_cast<unsigned>(i) + 1);
        write_bytes(folder / "song", mutate(song, other, i, random));
        decoded += decodes(folder / "song") ? 1 : 0;
    }
    RecordProperty("decoded", std::to_string(decoded));
    EXPECT_GT(decoded, 0U) << "not every damage is the end of a song";
}

INSTANTIATE_TEST_SUITE_P(EveryFormat, MutatedAudio,
                         ::testing::Values("s16.wav", "s16.flac", "cbr.mp3", "vorbis.ogg", "opus.ogg",
                                           "aac.m4a", "alac16.m4a"),
                         [](const auto& test) {
                             std::string name = test.param;
                             name[name.find('.')] = '_';
                             return name;
                         });

}  // namespace
}  // namespace msst::audio
