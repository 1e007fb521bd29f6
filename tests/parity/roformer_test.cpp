#include <algorithm>

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "parity/golden.h"

namespace msst {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::run_network;

struct RoformerCase {
    std::string folder;
    std::string architecture;
};

class RoformerParity : public ::testing::TestWithParam<RoformerCase> {};

// Both compute in float32; sums are ordered differently.
constexpr double kRoformerTolerance = 2e-5;

TEST_P(RoformerParity, ReferenceAgreesWithTheGolden) {
    const Golden golden(GetParam().folder);
    const auto network = model::build_network(GetParam().architecture, golden.config(), golden.weights());

    const auto ours = run_network(backend::ReferenceBackend(), network, golden.tensor("input"));

    EXPECT_LT(relative_error(ours, golden.tensor("forward")), kRoformerTolerance);
    EXPECT_TRUE(network.warnings.empty()) << network.warnings.front();
    RecordProperty("relative_error", std::to_string(relative_error(ours, golden.tensor("forward"))));
}

TEST_P(RoformerParity, ProcessorAgreesWithTheGolden) {
    const Golden golden(GetParam().folder);
    const auto network = model::build_network(GetParam().architecture, golden.config(), golden.weights());
    const backend::CpuBackend backend({.threads = 2, .precision = backend::Precision::float32});

    const auto ours = run_network(backend, network, golden.tensor("input"));

    EXPECT_LT(relative_error(ours, golden.tensor("forward")), kRoformerTolerance);
    RecordProperty("relative_error", std::to_string(relative_error(ours, golden.tensor("forward"))));
}

// Eight bits of every factor of a matrix product.
TEST_P(RoformerParity, ProcessorAgreesWithTheGoldenInBfloat16) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    const Golden golden(GetParam().folder);
    const auto network = model::build_network(GetParam().architecture, golden.config(), golden.weights());
    const backend::CpuBackend backend({.threads = 2, .precision = backend::Precision::bfloat16});

    const auto ours = run_network(backend, network, golden.tensor("input"));

    EXPECT_LT(relative_error(ours, golden.tensor("forward")), 1e-2);
    RecordProperty("relative_error", std::to_string(relative_error(ours, golden.tensor("forward"))));
}

INSTANTIATE_TEST_SUITE_P(Goldens, RoformerParity,
                         ::testing::Values(RoformerCase{"bs_roformer-plain", "bs_roformer"},
                                           RoformerCase{"bs_roformer-4stem", "bs_roformer"},
                                           RoformerCase{"bs_roformer-linear", "bs_roformer"},
                                           RoformerCase{"bs_roformer-pope", "bs_roformer"},
                                           RoformerCase{"bs_roformer-large", "bs_roformer"},
                                           RoformerCase{"bs_roformer-siamese", "bs_roformer"},
                                           RoformerCase{"mel_band_roformer-plain", "mel_band_roformer"},
                                           RoformerCase{"mel_band_roformer-4stem", "mel_band_roformer"},
                                           RoformerCase{"bs_conformer", "bs_conformer"},
                                           RoformerCase{"mel_band_conformer", "mel_band_conformer"}),
                         [](const auto& test) {
                             std::string name = test.param.folder;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace msst
