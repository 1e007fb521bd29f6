#include "model/mel_bands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::model {
namespace {

using ::testing::ElementsAre;

TEST(MelBands, AreThoseOfThePublishedModels) {
    const auto bands = mel_bands(44100, 2048, 60);
    std::vector<int64_t> widths;
    size_t total = 0;
    for (const auto& band : bands) {
        widths.push_back(std::ssize(band));
        total += band.size();
    }

    EXPECT_EQ(total, 1979u);
    EXPECT_THAT(widths,
                ElementsAre(7, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 9, 9, 9, 10, 10, 11, 13, 13,
                            13, 15, 16, 17, 19, 20, 20, 22, 24, 26, 28, 29, 31, 33, 36, 39, 41, 44, 47, 50,
                            54, 57, 61, 66, 71, 76, 80, 86, 93, 99, 105, 113, 122, 130));
    EXPECT_THAT(bands[1], ElementsAre(4, 5, 6, 7, 8, 9));
    EXPECT_EQ(bands[59].front(), 895);
    EXPECT_EQ(bands[59].back(), 1024);
}

TEST(MelBands, CoverALongerTransformToo) {
    size_t total = 0;
    for (const auto& band : mel_bands(44100, 4096, 60)) total += band.size();

    EXPECT_EQ(total, 3957u);
}

TEST(MelBands, RefuseToBeEmpty) {
    EXPECT_THROW(mel_bands(44100, 32, 60), Error);
}

}  // namespace
}  // namespace msst::model
