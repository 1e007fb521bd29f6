#include "backend/open.h"

#include <algorithm>
#include <array>

#include "backend/reference/reference_backend.h"
#include "base/error.h"
#include "base/text.h"

namespace msst::backend {
namespace {

using Make = std::shared_ptr<const graph::Backend> (*)(const BackendOptions&);

struct Entry {
    const char* name;
    const char* device;
    Make make;
    std::vector<std::string> precisions;  // besides auto
    const char* warning;                  // empty: none
};

// The fastest first.
const std::vector<Entry>& entries() {
    static const std::vector<Entry> kEntries = {
        {"reference",
         "cpu",
         [](const BackendOptions&) -> std::shared_ptr<const graph::Backend> {
             return std::make_shared<ReferenceBackend>();
         },
         {"float32"},
         "networks run on the reference backend: plain loops on one thread, hundreds of times slower than "
         "the "
         "processor could be"},
    };
    return kEntries;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

const Entry& find_entry(std::string_view device) {
    for (const Entry& entry : entries())
        if (device == entry.device || device == entry.name) return entry;
    throw Error(ErrorCode::invalid_input, "this build of msst has nothing that computes on '" +
                                              clean_text(device, 40) + "'; there are: cpu, " +
                                              joined(backend_names()));
}

void check_precision(const std::string& precision) {
    constexpr std::array kKnown = {"auto", "float32", "bfloat16", "float16"};
    if (std::ranges::find(kKnown, precision) == kKnown.end())
        throw Error(ErrorCode::invalid_input, "precision '" + clean_text(precision, 40) +
                                                  "' is none of auto, float32, bfloat16, float16");
}

}  // namespace

OpenBackend open_backend(std::string_view device, const BackendOptions& options) {
    check_precision(options.precision);
    const Entry& entry = find_entry(device);
    OpenBackend opened{entry.make(options), {}};
    if (*entry.warning) opened.warnings.emplace_back(entry.warning);
    if (options.precision != "auto" && std::ranges::count(entry.precisions, options.precision) == 0)
        opened.warnings.push_back("precision " + options.precision + " is not available on the " +
                                  entry.name + " backend, it computes in " + entry.precisions.front());
    return opened;
}

std::vector<std::string> backend_names() {
    std::vector<std::string> names;
    for (const Entry& entry : entries()) names.emplace_back(entry.name);
    return names;
}

}  // namespace msst::backend
