// Whole songs from a model's files, against MSST's own `demix` of them.

#include <gtest/gtest.h>

#include "audio/decoder.h"
#include "audio/writer.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/open.h"
#include "parity/golden.h"
#include "separation/augmented_stream.h"
#include "separation/frame_queue.h"
#include "separation/planned_network.h"
#include "separation/song.h"
#include "support/planar_song.h"
#include "support/temp_folder.h"

namespace msst {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::separate_planar;

// What computes, and how far its stems may be from the golden's: ||ours - golden|| / ||golden||.
struct Engine {
    const char* name;
    const char* device;
    const char* precision;
    double tolerance;
};

constexpr double kFloat32 = 2e-5;          // both compute in float32; sums are ordered differently
constexpr double kBfloat16 = 0.015848932;  // 36 dB: eight bits of every factor of a matrix product

// Plain loops, which under the sanitizers are too slow for more than a chunk or two.
constexpr Engine kReference = {"_reference", "reference", "float32", kFloat32};
#ifdef __SANITIZE_ADDRESS__
constexpr bool kReferenceIsSlow = true;
#else
constexpr bool kReferenceIsSlow = false;
#endif

struct DemixCase {
    const char* folder;
    const char* architecture;
    std::vector<std::string> stems;
    Engine engine;
};

std::vector<DemixCase> demix_cases() {
    const std::vector<DemixCase> networks = {
        {"bs_roformer-plain", "bs_roformer", {"vocals"}, {}},
        {"mel_band_roformer-plain", "mel_band_roformer", {"vocals"}, {}},
        {"mdx23c-instance", "mdx23c", {"vocals", "other"}, {}},
        {"scnet-small", "scnet", {"drums", "bass", "other", "vocals"}, {}},
        {"htdemucs-4stem", "htdemucs", {"drums", "bass", "other", "vocals"}, {}}};
    std::vector<DemixCase> all;
    for (DemixCase one : networks) {
        one.engine = {"", "cpu", "float32", kFloat32};
        all.push_back(one);
        one.engine = {"_bfloat16", "cpu", "bfloat16", kBfloat16};
        const bool is_roformer = std::string(one.architecture).ends_with("roformer");
        if (is_roformer && backend::CpuBackend::has_bfloat16()) all.push_back(one);
        one.engine = kReference;
        if (!kReferenceIsSlow) all.push_back(one);
    }
    return all;
}

class DemixParity : public ::testing::TestWithParam<DemixCase> {
protected:
    DemixParity() : golden_(test_case().folder) {
        const auto folder = std::filesystem::path(MSST_TEST_DATA) / "goldens" / test_case().folder;
        const Engine& engine = test_case().engine;
        const auto opened = backend::open_backend(engine.device, {.precision = engine.precision});
        separator_ = separation::open_network_separator(
            {test_case().architecture, folder / "config.yaml", folder / "model.ckpt"}, opened.backend);
    }

    static const DemixCase& test_case() { return GetParam(); }

    void expect_golden(separation::SeparationStream& stream, const std::string& mix,
                       const std::string& golden) const {
        const auto stems = separate_planar(stream, separator_->info().channels, golden_.tensor(mix));
        ASSERT_EQ(separator_->info().instruments, test_case().stems);
        ASSERT_EQ(stems.size(), test_case().stems.size());
        for (size_t s = 0; s < stems.size(); ++s) {
            const double error =
                relative_error(stems[s], golden_.tensor(golden + "." + test_case().stems[s]));
            EXPECT_LE(error, test_case().engine.tolerance) << golden << "." << test_case().stems[s];
            RecordProperty(golden + "_" + test_case().stems[s], std::to_string(error));
        }
    }

    // The golden's `mix` as a file without loss, and back: a stem of its separation, planar.
    std::vector<float> separate_file(const separation::SongRequest& request, const std::string& stem) const {
        const separation::SeparatorInfo& info = separator_->info();
        const std::vector<float> mix = golden_.tensor("mix");
        audio::Writer writer(request.input, {.pcm_type = audio::PcmType::float_32,
                                             .sample_rate = info.sample_rate,
                                             .channels = info.channels});
        audio::Block block(info.channels, std::ssize(mix) / info.channels);
        block.samples = mix;
        writer.write(block);
        writer.finish();
        separation::separate_song(*separator_, request, {});
        audio::Decoder decoder(request.output_path(stem));
        separation::FrameQueue all(info.channels);
        while (decoder.read(block)) all.push(block);
        return all.pop(all.frames()).samples;
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

TEST_P(DemixParity, CircularShiftsAreThoseOfMsst) {
    const testing::TempFolder folder;
    const separation::SongRequest request{
        .input = folder / "mix.wav",
        .instruments = test_case().stems,
        .bigshifts = 3,
        .pcm_type = audio::PcmType::float_32,
        .output_path = [&](const std::string& stem) { return folder / (stem + ".wav"); },
        .on_progress = {}};
    for (const std::string& stem : test_case().stems) {
        const double error =
            relative_error(separate_file(request, stem), golden_.tensor("bigshifts3." + stem));
        EXPECT_LE(error, test_case().engine.tolerance) << stem;
        RecordProperty("bigshifts3_" + stem, std::to_string(error));
    }
}

// What runs under the sanitizers too.
class ReferenceDemixParity : public DemixParity {};

TEST_P(ReferenceDemixParity, ASongShorterThanAChunkIsSeparatedAsMsstDoes) {
    expect_golden(*separator_->open({}), "mix_short", "demix_short");
}

INSTANTIATE_TEST_SUITE_P(
    Goldens, ReferenceDemixParity,
    ::testing::Values(DemixCase{"bs_roformer-plain", "bs_roformer", {"vocals"}, kReference},
                      DemixCase{"mel_band_roformer-plain", "mel_band_roformer", {"vocals"}, kReference}),
    [](const auto& test) { return std::string(test.param.architecture); });

INSTANTIATE_TEST_SUITE_P(Goldens, DemixParity, ::testing::ValuesIn(demix_cases()), [](const auto& test) {
    return std::string(test.param.architecture) + test.param.engine.name;
});

}  // namespace
}  // namespace msst
