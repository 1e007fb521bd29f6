#include "app/separators.h"

#include "base/error.h"
#include "dsp/dsp_separator.h"

namespace msst::app {

bool has_engine(std::string_view architecture) {
    return architecture == catalog::embedded_model().architecture;
}

std::shared_ptr<const separation::Separator> open_separator(const catalog::Model& model) {
    if (model.architecture == catalog::embedded_model().architecture) return dsp::make_dsp_separator();
    throw Error(ErrorCode::invalid_input, "model " + model.model_type +
                                              ": this build of msst has no engine for " +
                                              "the architecture " + model.architecture);
}

}  // namespace msst::app
