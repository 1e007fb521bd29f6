// Whole songs through MSST's chunk loop, against MSST's own results.

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "parity/golden.h"
#include "separation/augmented_stream.h"
#include "separation/network_separator.h"

namespace msst {
namespace {

using separation::SeparationStream;
using separation::StemBlocks;
using testing::Golden;
using testing::relative_error;

constexpr double kTolerance = 2e-5;
constexpr int64_t kBlockFrames = 1000;

// The first stem of a stereo song, planar as the goldens are.
std::vector<float> separate(SeparationStream& stream, const std::vector<float>& song) {
    const int64_t frames = std::ssize(song) / 2;
    std::vector<float> left;
    std::vector<float> right;
    const auto sink = [&](const StemBlocks& stems) {
        left.insert(left.end(), stems[0].channel(0).begin(), stems[0].channel(0).end());
        right.insert(right.end(), stems[0].channel(1).begin(), stems[0].channel(1).end());
    };
    for (int64_t at = 0; at < frames; at += kBlockFrames) {
        audio::Block block(2, std::min(kBlockFrames, frames - at));
        for (int c = 0; c < 2; ++c)
            std::copy_n(song.begin() + c * frames + at, block.frames, block.channel(c).begin());
        stream.push(block, sink);
    }
    stream.finish(sink);
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

class DemixParity : public ::testing::TestWithParam<const char*> {
protected:
    DemixParity()
        : loaded_(separation::load_network(
              architecture(), golden_.config(), golden_.weights(),
              backend::CpuBackend({.threads = 2, .precision = backend::Precision::float32}))) {}

    static std::string architecture() {
        const std::string folder = GetParam();
        return folder.substr(0, folder.find('-'));
    }

    Golden golden_{GetParam()};
    separation::LoadedNetwork loaded_;
};

TEST_P(DemixParity, ASongIsSeparatedAsMsstDoes) {
    const auto stream = loaded_.separator->open({});

    EXPECT_LT(relative_error(separate(*stream, golden_.tensor("mix")), golden_.tensor("demix.vocals")),
              kTolerance);
}

TEST_P(DemixParity, ASongShorterThanAChunkIsSeparatedAsMsstDoes) {
    const auto stream = loaded_.separator->open({});

    EXPECT_LT(
        relative_error(separate(*stream, golden_.tensor("mix_short")), golden_.tensor("demix_short.vocals")),
        kTolerance);
}

TEST_P(DemixParity, TestTimeAugmentationIsThatOfMsst) {
    separation::AugmentedStream stream(*loaded_.separator, {});

    EXPECT_LT(relative_error(separate(stream, golden_.tensor("mix")), golden_.tensor("tta.vocals")),
              kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Goldens, DemixParity,
                         ::testing::Values("bs_roformer-plain", "mel_band_roformer-plain"),
                         [](const auto& test) {
                             const std::string name = test.param;
                             return name.substr(0, name.find('-'));
                         });

}  // namespace
}  // namespace msst
