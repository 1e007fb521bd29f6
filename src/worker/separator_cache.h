#pragma once

#include <functional>
#include <memory>
#include <string>

#include "separation/separator.h"

namespace msst::worker {

// Makes a model ready on this worker's device. on_loading: fraction done, 0-1, as often as it likes. Throws
// Error; its message is for the log.
using SeparatorFactory = std::function<std::shared_ptr<const separation::Separator>(
    const std::string& model_type, const std::function<void(double fraction)>& on_loading)>;

// Keeps the last model ready: tasks of one model come in rows, and two models at once may not fit the device.
class SeparatorCache {
public:
    explicit SeparatorCache(SeparatorFactory factory) : factory_(std::move(factory)) {}

    // Throws Error(unavailable, …, "model_unavailable" | "model_invalid") if the model cannot be loaded.
    std::shared_ptr<const separation::Separator> open(const std::string& model_type,
                                                      const std::function<void(double)>& on_loading);

private:
    SeparatorFactory factory_;
    std::string model_type_;
    std::shared_ptr<const separation::Separator> separator_;
};

}  // namespace msst::worker
