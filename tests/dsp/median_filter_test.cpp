#include "dsp/median_filter.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::dsp {
namespace {

TEST(MedianFilter, GivesTheMiddleOfEveryColumnForEveryLength) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> value(-1, 1);
    for (int length = 3; length <= 63; length += 2) {
        for (const size_t columns : {1, 63, 64, 65, 200}) {
            std::vector<std::vector<float>> rows(length, std::vector<float>(columns));
            std::vector<const float*> pointers;
            for (auto& row : rows) {
                std::ranges::generate(row, [&] { return value(random); });
                pointers.push_back(row.data());
            }
            std::vector<float> medians(columns);
            MedianFilter(length).apply(pointers, medians);
            for (size_t i = 0; i < columns; ++i) {
                std::vector<float> column;
                for (const auto& row : rows) column.push_back(row[i]);
                std::ranges::sort(column);
                ASSERT_EQ(medians[i], column[length / 2]) << "length " << length << ", column " << i;
            }
        }
    }
}

TEST(MedianFilter, RefusesALengthWithoutAMiddle) {
    EXPECT_THROW(MedianFilter(4), Error);
    EXPECT_THROW(MedianFilter(65), Error);
}

}  // namespace
}  // namespace msst::dsp
