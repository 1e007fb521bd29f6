// What the Demucs family's configurations may say beyond the golden cases.

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
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

}  // namespace
}  // namespace msst
