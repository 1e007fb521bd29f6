#include "cli/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "base/text.h"

namespace msst::cli {
namespace {

constexpr Milliseconds kRedrawInterval{100};
constexpr const char* kEraseLine = "\r\x1b[K";

std::string_view to_words(separation::SongStage stage) {
    switch (stage) {
        case separation::SongStage::decoding:
            return "decoding";
        case separation::SongStage::separating:
            return "separating";
        case separation::SongStage::encoding:
            return "writing";
    }
    return "";
}

std::string percent_text(double fraction) {
    std::string text = std::to_string(static_cast<int>(fraction * 100));
    return std::string(text.size() < 3 ? 3 - text.size() : 0, ' ') + text + "%";
}

// [====>    ], `width` characters between the brackets.
std::string bar(double fraction, int width) {
    const int filled = static_cast<int>(fraction * width);
    std::string text(filled, '=');
    if (filled < width) text += '>';
    text.resize(width, ' ');
    return "[" + text + "]";
}

}  // namespace

std::string clock_text(double seconds) {
    const auto whole = static_cast<int64_t>(std::ceil(std::clamp(seconds, 0.0, 359'999.0)));
    const auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    if (whole < 3600) return std::to_string(whole / 60) + ":" + two(whole % 60);
    return std::to_string(whole / 3600) + ":" + two(whole / 60 % 60) + ":" + two(whole % 60);
}

ProgressBar::ProgressBar(std::ostream& stream, const Clock& clock, int columns)
    : stream_(stream), clock_(clock), columns_(columns) {}

void ProgressBar::start(const std::string& label, double audio_seconds) {
    const std::lock_guard lock(mutex_);
    label_ = label;
    audio_seconds_ = audio_seconds;
    started_ = clock_.monotonic();
    is_drawn_ = false;
}

// Speed and time left, once there is something to tell them from.
std::string ProgressBar::speed_text(double fraction) const {
    const double elapsed = (clock_.monotonic() - started_).count() / 1000.0;
    if (elapsed < 0.5 || fraction < 0.005) return {};
    std::string text = "  " + clock_text(elapsed * (1 - fraction) / fraction) + " left";
    if (audio_seconds_ <= 0) return text;
    char speed[32];
    std::snprintf(speed, sizeof(speed), "  %.1fx", audio_seconds_ * fraction / elapsed);
    return speed + text;
}

std::string ProgressBar::bar_text(separation::SongStage stage, double fraction) const {
    constexpr int kWidest = 30;
    constexpr int kNarrowest = 8;
    const std::string before = std::string(to_words(stage)) + " ";
    const std::string after = " " + percent_text(fraction) + speed_text(fraction);
    // The last column stays empty: writing there makes some terminals begin a new line.
    const int room = columns_ - 1 - static_cast<int>(before.size() + after.size()) - 2;
    const int label_bytes = std::max(0, room - kNarrowest - 2);
    const std::string label = clean_text(label_, label_bytes);
    const int width = std::clamp(room - 2 - static_cast<int>(label.size()), kNarrowest, kWidest);
    return clean_text(label + "  " + before + bar(fraction, width) + after, std::max(1, columns_ - 1));
}

void ProgressBar::update(separation::SongStage stage, double fraction) {
    const std::lock_guard lock(mutex_);
    const Milliseconds now = clock_.monotonic();
    if (columns_ <= 0 || (is_drawn_ && now - drawn_ < kRedrawInterval)) return;
    stream_ << kEraseLine << bar_text(stage, std::clamp(fraction, 0.0, 1.0)) << std::flush;
    drawn_ = now;
    is_drawn_ = true;
}

void ProgressBar::finish(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (is_drawn_) stream_ << kEraseLine;
    stream_ << line << "\n" << std::flush;
    is_drawn_ = false;
}

}  // namespace msst::cli
