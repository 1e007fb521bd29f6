#pragma once

#include "device/device.h"

namespace msst::device {

// The processor, with the memory of the machine.
class CpuDevice final : public Device {
public:
    const std::string& name() const override { return name_; }
    Memory memory() const override;

private:
    std::string name_ = "cpu";
};

}  // namespace msst::device
