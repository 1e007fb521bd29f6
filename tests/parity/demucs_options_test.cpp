// What the Demucs family's configurations may say beyond the golden cases.

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

// `text` with the first `what` replaced, which must be there.
std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const size_t at = text.find(what);
    check(at != std::string::npos, what.c_str());
    return text.replace(at, what.size(), by);
}

backend::CpuBackend float32_processor() {
    return backend::CpuBackend({.threads = 2, .precision = backend::Precision::float32});
}

// The segment is what a chunk is cut to anyway.
TEST(DemucsOptions, TheSegmentOfTrainingChangesNothing) {
    const Golden golden("htdemucs-4stem");
    const std::string yaml = replaced(golden.config_text(), "\nhtdemucs:\n",
                                      "\nhtdemucs:\n  use_train_segment: true\n  segment: 1\n");
    const auto network = model::build_network("htdemucs", model::parse_model_config(yaml), golden.weights());

    EXPECT_LT(relative_error(run_network(float32_processor(), network, golden.tensor("input")),
                             golden.tensor("forward")),
              2e-5);
    EXPECT_TRUE(network.warnings.empty()) << network.warnings.front();
}

// No published checkpoint and no golden case has them: shows that such a network is built and runs, not that
// the order of its channels is PyTorch's.
TEST(DemucsOptions, ANetworkWithSubbandsRunsAlikeOnBothBackends) {
    // Two of them need a spectrum that is large enough for four strides in each.
    const std::string yaml =
        replaced(replaced(Golden("htdemucs-4stem").config_text(), "num_subbands: 1", "num_subbands: 2"),
                 "nfft: 1024", "nfft: 4096");
    const auto network =
        model::build_network("htdemucs", model::parse_model_config(yaml), model::make_random_weights());
    const std::vector<float> input = Golden("htdemucs-4stem").tensor("input");

    const auto expected = run_network(backend::ReferenceBackend(), network, input);
    EXPECT_LT(relative_error(run_network(float32_processor(), network, input), expected), 2e-5);
    EXPECT_GT(std::ranges::max(expected), 0.001f) << "silence";
}

}  // namespace
}  // namespace msst
