#include "backend/open.h"

#include <algorithm>
#include <array>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "base/error.h"
#include "base/text.h"

namespace msst::backend {
namespace {

using Made = std::shared_ptr<const graph::Backend>;

struct Entry {
    const char* name;
    const char* device;
    Made (*make)(const BackendOptions&);
    std::vector<std::string> precisions;  // besides auto; others become the first
    const char* warning;                  // empty: none
};

Made make_cpu(const BackendOptions& options) {
    Precision precision = Precision::float32;
    if (options.precision == "auto") precision = Precision::automatic;
    if (options.precision == "bfloat16" && CpuBackend::has_bfloat16()) precision = Precision::bfloat16;
    return std::make_shared<CpuBackend>(CpuOptions{.threads = options.cpu_threads, .precision = precision});
}

Made make_reference(const BackendOptions&) {
    return std::make_shared<ReferenceBackend>();
}

std::vector<std::string> cpu_precisions() {
    if (CpuBackend::has_bfloat16()) return {"float32", "bfloat16"};
    return {"float32"};
}

// The fastest first.
const std::vector<Entry>& entries() {
    static const std::vector<Entry> kEntries = {
        {"cpu", "cpu", make_cpu, cpu_precisions(), ""},
        {"reference",
         "cpu",
         make_reference,
         {"float32"},
         "networks run on the reference backend, plain loops on one thread: hundreds of times slower than "
         "this "
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
        if (device == entry.name || device == entry.device) return entry;
    throw Error(ErrorCode::invalid_input, "this build of msst has nothing that computes on '" +
                                              clean_text(device, 40) +
                                              "'; there are: " + joined(backend_names()));
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
        opened.warnings.push_back("the backend " + std::string(entry.name) + " has no precision " +
                                  options.precision + "; it computes in " + entry.precisions.front());
    return opened;
}

std::vector<std::string> backend_names() {
    std::vector<std::string> names;
    for (const Entry& entry : entries()) names.emplace_back(entry.name);
    return names;
}

}  // namespace msst::backend
