#include "catalog/demucs_package.h"

#include "base/error.h"
#include "checkpoint/checkpoint.h"

namespace msst::catalog {
namespace {

using checkpoint::Metadata;

[[noreturn]] void refuse_package(const Model& model, const std::string& what) {
    throw Error(ErrorCode::invalid_input, model.checkpoint_path.string() + ": " + what);
}

int64_t integer_or(const Metadata* arguments, const std::string& key, int64_t fallback) {
    const Metadata* value = arguments ? arguments->find(key) : nullptr;
    const auto* integer = value ? value->get_if<int64_t>() : nullptr;
    return integer ? *integer : fallback;
}

// A stem's name becomes a file's name, so it must be able to.
std::string read_source(const Model& model, const Metadata& source) {
    const auto* name = source.get_if<std::string>();
    if (!name || name->empty() || name->front() == '.' || name->size() > 64 ||
        name->find_first_of("/\\:") != std::string::npos)
        refuse_package(model, "the package has a source that cannot be the name of an instrument");
    return *name;
}

}  // namespace

void read_demucs_package(Model& model) {
    constexpr size_t kMostSources = 64;
    constexpr int64_t kHighestRate = 192'000;
    const auto package = checkpoint::Checkpoint::open(model.checkpoint_path);
    const Metadata* arguments = package.metadata().find("kwargs");
    const Metadata* sources = arguments ? arguments->find("sources") : nullptr;
    const auto* list = sources ? sources->get_if<Metadata::List>() : nullptr;
    if (!package.metadata().find("klass") || !list || list->empty() || list->size() > kMostSources)
        refuse_package(model, "is no Demucs package");
    model.architecture = "htdemucs";
    model.instruments.clear();
    for (const Metadata& source : *list) model.instruments.push_back(read_source(model, source));
    const int64_t rate = integer_or(arguments, "samplerate", model.sample_rate);
    if (rate < 1 || rate > kHighestRate)
        refuse_package(model, "the package has a sample rate of " + std::to_string(rate) + " Hz, not 1 to " +
                                  std::to_string(kHighestRate));
    model.sample_rate = static_cast<int>(rate);
    model.stereo = integer_or(arguments, "audio_channels", 2) != 1;
}

}  // namespace msst::catalog
