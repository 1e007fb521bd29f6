#pragma once

#include "http/hooks.h"

namespace msst {
class Log;
}

namespace msst::http {

// An observer that writes one `request` event per answer. `log` must outlive it.
std::function<void(const AccessRecord&)> access_log(Log& log);

}  // namespace msst::http
