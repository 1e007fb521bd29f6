#include "cli/progress_bar.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace msst::cli {
namespace {

using namespace std::chrono_literals;
using separation::SongStage;
using ::testing::HasSubstr;

class ProgressBarTest : public ::testing::Test {
protected:
    // What was drawn last.
    std::string last_line() const {
        const std::string text = stream.str();
        const size_t erase = text.rfind("\x1b[K");
        return erase == std::string::npos ? text : text.substr(erase + 3);
    }

    std::ostringstream stream;
    msst::testing::FakeClock clock;
};

TEST_F(ProgressBarTest, ShowsShareSpeedAndTimeLeft) {
    ProgressBar bar(stream, clock, /*columns=*/100);
    bar.start("[2/10] song.mp3", /*audio_seconds=*/200);
    clock.advance(10s);
    bar.update(SongStage::separating, 0.25);
    EXPECT_EQ(last_line(),
              "[2/10] song.mp3  separating [=======>                      ]  25%  5.0x  0:30 left");
}

TEST_F(ProgressBarTest, SaysNoSpeedBeforeThereIsOne) {
    ProgressBar bar(stream, clock, /*columns=*/100);
    bar.start("song.mp3", 200);
    bar.update(SongStage::decoding, 0);
    EXPECT_EQ(last_line(), "song.mp3  decoding [>                             ]   0%");
}

TEST_F(ProgressBarTest, IsFullAtTheEnd) {
    ProgressBar bar(stream, clock, /*columns=*/100);
    bar.start("song.mp3", 200);
    clock.advance(10s);
    bar.update(SongStage::encoding, 1);
    EXPECT_EQ(last_line(), "song.mp3  writing [==============================] 100%  20.0x  0:00 left");
}

TEST_F(ProgressBarTest, DrawsAtMostTenTimesASecond) {
    ProgressBar bar(stream, clock, /*columns=*/100);
    bar.start("song.mp3", 200);
    bar.update(SongStage::separating, 0.1);
    const std::string drawn = stream.str();
    clock.advance(99ms);
    bar.update(SongStage::separating, 0.5);
    EXPECT_EQ(stream.str(), drawn);
    clock.advance(1ms);
    bar.update(SongStage::separating, 0.5);
    EXPECT_NE(stream.str(), drawn);
}

TEST_F(ProgressBarTest, StaysWithinTheTerminal) {
    for (int columns : {1, 10, 20, 40, 60, 80}) {
        stream.str("");
        ProgressBar bar(stream, clock, columns);
        bar.start(std::string(200, 'x'), 200);
        clock.advance(10s);
        bar.update(SongStage::separating, 0.25);
        EXPECT_LT(last_line().size(), static_cast<size_t>(std::max(2, columns))) << last_line();
    }
}

TEST_F(ProgressBarTest, KeepsEscapesOfFileNamesFromTheTerminal) {
    ProgressBar bar(stream, clock, /*columns=*/100);
    bar.start("a\x1b[2Jb.mp3", 200);
    bar.update(SongStage::separating, 0.25);
    EXPECT_THAT(last_line(), HasSubstr("a [2Jb.mp3"));
}

TEST_F(ProgressBarTest, WritesOneLinePerSongWhereThereIsNoTerminal) {
    ProgressBar bar(stream, clock, /*columns=*/0);
    bar.start("song.mp3", 200);
    clock.advance(10s);
    bar.update(SongStage::separating, 0.25);
    bar.finish("song.mp3: done");
    EXPECT_EQ(stream.str(), "song.mp3: done\n");
}

TEST_F(ProgressBarTest, ErasesTheBarForTheLastWord) {
    ProgressBar bar(stream, clock, /*columns=*/80);
    bar.start("song.mp3", 200);
    bar.update(SongStage::separating, 0.25);
    bar.finish("song.mp3: done");
    EXPECT_EQ(last_line(), "song.mp3: done\n");
}

TEST(ClockText, RoundsUpToWholeSeconds) {
    EXPECT_EQ(clock_text(0), "0:00");
    EXPECT_EQ(clock_text(6.2), "0:07");
    EXPECT_EQ(clock_text(754), "12:34");
    EXPECT_EQ(clock_text(3723), "1:02:03");
    EXPECT_EQ(clock_text(-5), "0:00");
    EXPECT_EQ(clock_text(1e300), "99:59:59");
}

}  // namespace
}  // namespace msst::cli
