#pragma once

#include <iosfwd>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "separation/song.h"

namespace msst::cli {

// The state of one song on a terminal, drawn over itself:
//
//   [2/10] song.mp3  separating [=========>          ]  45%  12.3x  0:07 left
//
// 12.3x: so much faster than it plays. Where there is no terminal only finish() writes. Thread-safe.
class ProgressBar {
public:
    // columns: width of the terminal; 0 for none. The clock and the stream must outlive this.
    ProgressBar(std::ostream& stream, const Clock& clock, int columns);

    // label: "[2/10] song.mp3"; audio_seconds: length of the song.
    void start(const std::string& label, double audio_seconds);
    void update(separation::SongStage stage, double fraction);
    // Leaves one line about the song in the bar's place.
    void finish(const std::string& line);

private:
    std::string bar_text(separation::SongStage stage, double fraction) const;
    std::string speed_text(double fraction) const;

    std::ostream& stream_;
    const Clock& clock_;
    const int columns_;
    std::mutex mutex_;  // of everything below
    std::string label_;
    double audio_seconds_ = 0;
    Milliseconds started_{0};
    Milliseconds drawn_{0};
    bool is_drawn_ = false;
};

// "0:07", "12:34", "1:02:03"
std::string clock_text(double seconds);

}  // namespace msst::cli
