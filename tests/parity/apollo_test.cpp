#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "parity/golden.h"

namespace msst {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::run_network;

class ApolloParity : public ::testing::Test {
protected:
    double distance(const graph::Backend& backend) {
        const model::Network network = model::build_network("apollo", golden_.config(), golden_.weights());
        EXPECT_TRUE(network.warnings.empty()) << network.warnings.front();
        EXPECT_EQ(network.stems, 1);
        const double error =
            relative_error(run_network(backend, network, golden_.tensor("input")), golden_.tensor("forward"));
        RecordProperty("relative_error", std::to_string(error));
        return error;
    }

    Golden golden_{"apollo"};
};

// PyTorch's own float32 is 8e-6 from double precision here: bands of little energy are divided by their
// level.
TEST_F(ApolloParity, ReferenceAgreesWithPyTorch) {
    EXPECT_LT(distance(backend::ReferenceBackend()), 2e-5);
}

TEST_F(ApolloParity, ProcessorAgreesWithPyTorch) {
    EXPECT_LT(distance(backend::CpuBackend({.threads = 2, .precision = backend::Precision::float32})), 2e-5);
}

// Eight bits of every factor of a matrix product: 34 dB.
TEST_F(ApolloParity, ProcessorAgreesWithPyTorchInBfloat16) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    EXPECT_LT(distance(backend::CpuBackend({.threads = 2, .precision = backend::Precision::bfloat16})), 2e-2);
}

TEST_F(ApolloParity, WeightsAreBelievedWhereTheConfigurationIsWrong) {
    const model::Network network = model::build_network(
        "apollo",
        model::parse_model_config("audio: {chunk_size: 13230}\ntraining: {instruments: [restored]}\n"
                                  "model: {sr: 44100, win: 20, feature_dim: 256, layer: 6}\n"),
        golden_.weights());

    EXPECT_EQ(network.warnings.size(), 2u);
    EXPECT_EQ(network.graph.flops(),
              model::build_network("apollo", golden_.config(), golden_.weights()).graph.flops());
}

TEST_F(ApolloParity, AWindowThatIsImpossibleIsRefused) {
    for (const char* win : {"0", "3", "100000", "\"x\""})
        EXPECT_THROW(
            model::build_network(
                "apollo",
                model::parse_model_config("audio: {chunk_size: 13230}\ntraining: {instruments: [restored]}\n"
                                          "model: {sr: 44100, feature_dim: 32, layer: 2, win: " +
                                          std::string(win) + "}\n"),
                golden_.weights()),
            Error)
            << win;
}

}  // namespace
}  // namespace msst
