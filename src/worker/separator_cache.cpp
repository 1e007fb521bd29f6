#include "worker/separator_cache.h"

#include "base/error.h"

namespace msst::worker {

std::shared_ptr<const separation::Separator> SeparatorCache::open(
    const std::string& model_type, const std::function<void(double)>& on_loading) {
    if (separator_ && model_type_ == model_type) return separator_;
    clear();
    try {
        separator_ = factory_(model_type, on_loading);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) throw;
        // A damaged checkpoint is the administrator's file, not the client's.
        const bool is_damaged = error.code() == ErrorCode::invalid_input;
        throw Error(ErrorCode::unavailable, "model " + model_type + ": " + error.what(),
                    is_damaged ? "model_invalid" : "model_unavailable");
    }
    check(separator_ != nullptr, "the separator factory made nothing");
    model_type_ = model_type;
    tell(model_type_);
    return separator_;
}

void SeparatorCache::clear() {
    if (!separator_) return;
    separator_.reset();
    tell("");
}

}  // namespace msst::worker
