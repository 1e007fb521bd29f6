#include "backend/open.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::backend {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string refusal(const std::string& device, const std::string& precision) {
    try {
        open_backend(device, {.precision = precision});
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        return error.what();
    }
    return "not refused";
}

TEST(OpenBackend, OpensEveryBackendThatIsBuiltInByItsName) {
    ASSERT_THAT(backend_names(), Contains("reference"));
    for (const std::string& name : backend_names()) EXPECT_EQ(open_backend(name, {}).backend->name(), name);
}

TEST(OpenBackend, TakesTheFastestForADevice) {
    const OpenBackend opened = open_backend("cpu", {});
    EXPECT_EQ(opened.backend->name(), backend_names().front());
    EXPECT_THAT(opened.warnings, IsEmpty());
}

TEST(OpenBackend, SaysThatTheReferenceIsSlow) {
    EXPECT_THAT(open_backend("reference", {}).warnings, ElementsAre(HasSubstr("slower")));
}

TEST(OpenBackend, SaysWhichPrecisionTakesThePlaceOfOneThatIsNotThere) {
    EXPECT_THAT(open_backend("cpu", {.precision = "float16"}).warnings,
                ElementsAre("the backend cpu has no precision float16; it computes in float32"));
}

TEST(OpenBackend, RefusesDevicesAndPrecisionsThatItDoesNotKnow) {
    EXPECT_THAT(refusal("cuda:7", "auto"), HasSubstr("'cuda:7'; there are: cpu, reference"));
    EXPECT_THAT(refusal("cpu", "float64"), HasSubstr("precision 'float64'"));
}

}  // namespace
}  // namespace msst::backend
