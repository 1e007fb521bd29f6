#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "device/device.h"
#include "separation/separator.h"

// A device that computes nothing: for tests of everything around devices on machines that have none.

namespace msst::device {

enum class Fault {
    none,
    hold,   // work stands still until the fault is over, but can be stopped
    hang,   // the same, and nothing stops it
    crash,  // the process aborts
    error,  // the device reports a failure
};

struct SimulatedSpec {
    std::string name;
    int64_t memory_bytes = 0;
    double speed = 0;  // seconds of audio in a second; 0: at once
    Fault fault = Fault::none;
    std::filesystem::path fault_while;  // the fault lasts while this file exists; empty: always
};

class SimulatedDevice final : public Device {
public:
    explicit SimulatedDevice(SimulatedSpec spec) : spec_(std::move(spec)) {}

    const std::string& name() const override { return spec_.name; }
    // All of it is free: what running tasks need is counted by the task store.
    Memory memory() const override { return {spec_.memory_bytes, spec_.memory_bytes}; }

    // "Runs" a model that is described by `info`: every stem is an equal share of the mixture.
    std::shared_ptr<const separation::Separator> make_separator(separation::SeparatorInfo info) const;

private:
    SimulatedSpec spec_;
};

}  // namespace msst::device
