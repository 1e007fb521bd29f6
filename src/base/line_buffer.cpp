#include "base/line_buffer.h"

namespace msst {

std::vector<std::string> LineBuffer::push(std::string_view bytes) {
    std::vector<std::string> lines;
    for (size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
        keep(bytes.substr(0, end));
        lines.push_back(std::exchange(line_, {}));
        bytes.remove_prefix(end + 1);
    }
    keep(bytes);
    return lines;
}

}  // namespace msst
