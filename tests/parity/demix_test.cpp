// Whole songs from a model's files, against MSST's own `demix` of them.

#include <gtest/gtest.h>

#include "backend/open.h"
#include "parity/golden.h"
#include "separation/augmented_stream.h"
#include "separation/planned_network.h"
#include "support/planar_song.h"

namespace msst {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::separate_planar;

constexpr double kTolerance = 2e-5;

struct Case {
    const char* folder;
    const char* architecture;
    std::vector<std::string> stems;
};

class DemixParity : public ::testing::TestWithParam<Case> {
protected:
    DemixParity() : golden_(test_case().folder) {
        const auto folder = std::filesystem::path(MSST_TEST_DATA) / "goldens" / test_case().folder;
        const auto opened = backend::open_backend("cpu", {.precision = "float32"});
        separator_ = separation::open_network_separator(
            {test_case().architecture, folder / "config.yaml", folder / "model.ckpt"}, opened.backend);
    }

    static const Case& test_case() { return GetParam(); }

    void expect_golden(separation::SeparationStream& stream, const std::string& mix,
                       const std::string& golden) const {
        const auto stems = separate_planar(stream, separator_->info().channels, golden_.tensor(mix));
        ASSERT_EQ(separator_->info().instruments, test_case().stems);
        ASSERT_EQ(stems.size(), test_case().stems.size());
        for (size_t s = 0; s < stems.size(); ++s) {
            const double error =
                relative_error(stems[s], golden_.tensor(golden + "." + test_case().stems[s]));
            EXPECT_LE(error, kTolerance) << golden << "." << test_case().stems[s];
            RecordProperty(golden + "_" + test_case().stems[s], std::to_string(error));
        }
    }

    Golden golden_;
    std::shared_ptr<const separation::Separator> separator_;
};

TEST_P(DemixParity, ASongIsSeparatedAsMsstDoes) {
    expect_golden(*separator_->open({}), "mix", "demix");
}

TEST_P(DemixParity, ASongShorterThanAChunkIsSeparatedAsMsstDoes) {
    expect_golden(*separator_->open({}), "mix_short", "demix_short");
}

TEST_P(DemixParity, TestTimeAugmentationIsThatOfMsst) {
    separation::AugmentedStream stream(*separator_, {});
    expect_golden(stream, "mix", "tta");
}

INSTANTIATE_TEST_SUITE_P(Goldens, DemixParity,
                         ::testing::Values(Case{"bs_roformer-plain", "bs_roformer", {"vocals"}},
                                           Case{"mel_band_roformer-plain", "mel_band_roformer", {"vocals"}}),
                         [](const auto& test) { return std::string(test.param.architecture); });

}  // namespace
}  // namespace msst
