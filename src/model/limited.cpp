#include "model/limited.h"

#include <string>

#include "base/error.h"

namespace msst::model {

int64_t limited(std::string_view key, int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most)
        throw Error(ErrorCode::invalid_input, "'" + std::string(key) + "' in the configuration is " +
                                                  std::to_string(value) + "; it must lie between " +
                                                  std::to_string(least) + " and " + std::to_string(most));
    return value;
}

}  // namespace msst::model
