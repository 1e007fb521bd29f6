#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "config/example.h"
#include "config/load.h"

// A configuration file of any bytes is read or refused, and what was read survives being written and read
// again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace msst;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    config::Loaded loaded;
    try {
        loaded = config::parse_config(text, "fuzz", {});
    } catch (const Error& error) {
        check(error.code() == ErrorCode::invalid_input, "config_fuzzer: another error than invalid_input");
        return 0;
    }
    const std::string shown = config::show_config(loaded.config);
    check(config::show_config(config::parse_config(shown, "shown", {}).config) == shown,
          "config_fuzzer: a configuration does not read back to itself");
    return 0;
}
