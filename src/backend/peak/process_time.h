#pragma once

// Time as a measurement of speed needs it.

namespace msst::backend {

// Seconds, since some moment or between two of them.
struct ProcessTime {
    double wall = 0;
    double processor = 0;  // of all threads of this process

    static ProcessTime now();

    ProcessTime& operator+=(const ProcessTime& other) {
        wall += other.wall;
        processor += other.processor;
        return *this;
    }
    friend ProcessTime operator-(const ProcessTime& a, const ProcessTime& b) {
        return {a.wall - b.wall, a.processor - b.processor};
    }
};

}  // namespace msst::backend
