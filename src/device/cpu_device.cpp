#include "device/cpu_device.h"

#include "device/machine_memory.h"

namespace msst::device {

Memory CpuDevice::memory() const {
    return machine_memory();
}

}  // namespace msst::device
