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
    // on_change: told which model is ready from now on, or "" for none; may be empty.
    explicit SeparatorCache(SeparatorFactory factory,
                            std::function<void(const std::string& model_type)> on_change = {})
        : factory_(std::move(factory)), on_change_(std::move(on_change)) {}

    // Throws Error(unavailable, …, "model_unavailable" | "model_invalid") if the model cannot be loaded.
    std::shared_ptr<const separation::Separator> open(const std::string& model_type,
                                                      const std::function<void(double)>& on_loading);

    // Gives the model's memory back.
    void clear();

private:
    void tell(const std::string& model_type) const {
        if (on_change_) on_change_(model_type);
    }

    SeparatorFactory factory_;
    std::function<void(const std::string&)> on_change_;
    std::string model_type_;
    std::shared_ptr<const separation::Separator> separator_;
};

}  // namespace msst::worker
