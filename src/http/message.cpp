#include "http/message.h"

namespace msst::http {

std::optional<std::string_view> Request::header(std::string_view name) const {
    const auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return std::string_view(found->value());
}

}  // namespace msst::http
