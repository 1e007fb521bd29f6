#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "catalog/model_file.h"

// A model's config.yaml of any bytes is read or refused with a sentence.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace msst;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    catalog::Model model;
    try {
        catalog::read_model_text(text, model);
    } catch (const Error& error) {
        check(error.code() == ErrorCode::invalid_input, "catalog_fuzzer: another error than invalid_input");
        return 0;
    }
    check(!model.instruments.empty(), "catalog_fuzzer: a model without instruments");
    return 0;
}
