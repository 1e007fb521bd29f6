#pragma once

#include <chrono>
#include <thread>

namespace msst::testing {

// Whether `condition` becomes true in time. For what other processes do: they notify nobody here.
template <typename Condition>
bool eventually(const Condition& condition, std::chrono::seconds deadline = std::chrono::seconds(120)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace msst::testing
