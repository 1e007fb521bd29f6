#include "http/access_log.h"

#include "base/log.h"
#include "base/text.h"

namespace msst::http {

std::function<void(const AccessRecord&)> access_log(Log& log) {
    return [&log](const AccessRecord& record) {
        constexpr size_t kMaxPathBytes = 512;
        log.info("request", {{"request_id", record.request_id},
                             {"method", clean_text(record.method, 32)},
                             {"route", record.route},
                             {"path", clean_text(record.path, kMaxPathBytes)},
                             {"status", record.status},
                             {"duration_ms", static_cast<double>(record.duration.count()) / 1000},
                             {"bytes_in", record.bytes_in},
                             {"bytes_out", record.bytes_out},
                             {"key", record.owner},
                             {"client", record.client_address},
                             {"complete", record.is_complete}});
    };
}

}  // namespace msst::http
