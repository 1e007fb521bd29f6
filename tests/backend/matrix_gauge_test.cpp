#include "backend/peak/matrix_gauge.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <omp.h>

namespace msst::backend {
namespace {

TEST(MatrixGauge, ThePeakIsTheBestOfAllProductsAndTheUsualSpeedThatOfTheSamples) {
    MatrixGauge gauge(1);
    gauge.measure_peak();
    const double before = gauge.peak().float32.wall;
    for (int sample = 0; sample < 3; ++sample) gauge.take_sample();
    const MatrixSpeeds peak = gauge.peak();
    const MatrixSpeeds usual = gauge.usual();

    EXPECT_GE(peak.float32.wall, before);
    EXPECT_GT(usual.float32.wall, 0);
    EXPECT_LE(usual.float32.wall, peak.float32.wall);
    EXPECT_LE(usual.float32.processor, peak.float32.processor);
    EXPECT_EQ(usual.bfloat16.has_value(), peak.bfloat16.has_value());
}

TEST(MatrixGauge, WithoutSamplesThePeakIsUsual) {
    MatrixGauge gauge(1);
    gauge.measure_peak();
    EXPECT_EQ(gauge.usual().float32.wall, gauge.peak().float32.wall);
}

TEST(MatrixGauge, TakesNoSampleWhereAProductWouldNotGetItsThreads) {
    MatrixGauge gauge(2);
    gauge.measure_peak();
#pragma omp parallel num_threads(2)
    {
#pragma omp master
        gauge.take_sample();
    }
    EXPECT_EQ(gauge.usual().float32.wall, gauge.peak().float32.wall);
}

TEST(MatrixGauge, TellsTheThreadsItGets) {
    EXPECT_EQ(MatrixGauge(2).threads(), std::min(2, omp_get_thread_limit()));
}

}  // namespace
}  // namespace msst::backend
