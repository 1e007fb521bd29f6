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

struct DemucsCase {
    const char* folder;
    double tolerance;  // of float32: sums are ordered differently
};

class DemucsParity : public ::testing::TestWithParam<DemucsCase> {
protected:
    DemucsParity()
        : golden_(GetParam().folder),
          network_(model::build_network("htdemucs", golden_.config(), golden_.weights())) {}

    double error_of(const graph::Backend& backend) {
        const auto ours = run_network(backend, network_, golden_.tensor("input"));
        const double error = relative_error(ours, golden_.tensor("forward"));
        RecordProperty("relative_error", std::to_string(error));
        return error;
    }

    Golden golden_;
    model::Network network_;
};

TEST_P(DemucsParity, ReferenceAgreesWithPyTorch) {
    EXPECT_LT(error_of(backend::ReferenceBackend()), GetParam().tolerance);
    EXPECT_TRUE(network_.warnings.empty()) << network_.warnings.front();
}

TEST_P(DemucsParity, ProcessorAgreesWithPyTorch) {
    EXPECT_LT(error_of(backend::CpuBackend({.threads = 2, .precision = backend::Precision::float32})),
              GetParam().tolerance);
}

// Eight bits of every factor of a matrix product or convolution: 34 dB.
TEST_P(DemucsParity, ProcessorAgreesWithPyTorchInBfloat16) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    EXPECT_LT(error_of(backend::CpuBackend({.threads = 2, .precision = backend::Precision::bfloat16})), 2e-2);
}

INSTANTIATE_TEST_SUITE_P(Goldens, DemucsParity,
                         ::testing::Values(DemucsCase{"htdemucs-4stem", 2e-5},
                                           DemucsCase{"htdemucs-6stem", 2e-5}, DemucsCase{"hdemucs", 2e-5}),
                         [](const auto& test) {
                             std::string name = test.param.folder;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace msst
