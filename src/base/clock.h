#pragma once

#include <chrono>
#include <string>

// Time, behind an interface so that tests can turn the hands themselves.

namespace msst {

using Milliseconds = std::chrono::milliseconds;

// Wall-clock time in UTC, to the millisecond.
using Timestamp = std::chrono::sys_time<Milliseconds>;

class Clock {
public:
    virtual ~Clock() = default;

    // Wall-clock time; may jump when an administrator or NTP sets it.
    virtual Timestamp now() const = 0;

    // Time since some fixed point; never goes back. For deadlines and durations.
    virtual Milliseconds monotonic() const = 0;
};

class SystemClock final : public Clock {
public:
    Timestamp now() const override;
    Milliseconds monotonic() const override;
};

Milliseconds from_hours(double hours);

// "2026-01-15T10:30:00.000Z"
std::string to_iso8601(Timestamp time);

// "Thu, 15 Jan 2026 10:30:00 GMT", as HTTP writes dates (RFC 9110, 5.6.7).
std::string to_http_date(Timestamp time);

}  // namespace msst
