#include "backend/peak/process_time.h"

#include <chrono>
#include <ctime>

namespace msst::backend {

ProcessTime ProcessTime::now() {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now().time_since_epoch();
    return {wall.count(), static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
}

}  // namespace msst::backend
