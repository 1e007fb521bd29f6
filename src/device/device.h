#pragma once

#include <cstdint>
#include <string>

// What models run on, as far as the service needs to know it: where a task has room. What runs a network on
// it is a graph::Backend.

namespace msst::device {

struct Memory {
    int64_t total_bytes = 0;
    int64_t free_bytes = 0;  // what this process holds itself counts as free: its models give way
};

class Device {
public:
    virtual ~Device() = default;

    // As the configuration names it: "cpu", "cuda:0".
    virtual const std::string& name() const = 0;

    // As of now. Throws Error(unavailable) where the device does not answer.
    virtual Memory memory() const = 0;
};

}  // namespace msst::device
