#include "base/clock.h"

#include <array>
#include <cstdint>
#include <ctime>

namespace msst {
namespace {

std::tm to_utc(Timestamp time) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return utc;
}

}  // namespace

Timestamp SystemClock::now() const {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

Milliseconds SystemClock::monotonic() const {
    return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

Milliseconds from_hours(double hours) {
    return Milliseconds(static_cast<int64_t>(hours * 3'600'000));
}

std::string to_iso8601(Timestamp time) {
    const std::tm utc = to_utc(time);
    const auto millis = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
    std::array<char, 40> date{};
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(millis));
    return std::string(date.data()) + fraction.data();
}

std::string to_http_date(Timestamp time) {
    // Not strftime's %a and %b: those follow the locale.
    static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::tm utc = to_utc(time);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday],
                  utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    return text.data();
}

}  // namespace msst
