#include "model/model_types.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "model/network.h"

namespace msst::model {
namespace {

bool is_run(std::string_view model_type) {
    return std::ranges::count(supported_architectures(), model_type) > 0;
}

}  // namespace

const std::vector<RefusedType>& refused_types() {
    static const std::vector<RefusedType> kTypes = {
        // MSST's
        {"bandit",
         "where its overlapping bands begin and end, and how their masks are weighed, is not known well "
         "enough "
         "to be right"},
        {"bandit_v2",
         "where its overlapping bands begin and end, and how their masks are weighed, is not known well "
         "enough "
         "to be right"},
        {"bs_mamba2", "its state-space layers (Mamba2) are not implemented"},
        {"bs_roformer_experimental",
         "its residual connections differ from the roformers', and nothing exists to check them against"},
        {"conformer", "it is a plain conformer without bands, of which no checkpoint is published"},
        {"experimental_mdx23c_stht",
         "its short-time Hartley transform is not implemented; no checkpoint of it is published"},
        {"mel_band_roformer_experimental",
         "its residual connections differ from the roformers', and nothing exists to check them against"},
        {"moises_light",
         "it is defined outside of MSST, in a Python package; no checkpoint of it is published"},
        {"scnet_unofficial", "it is another implementation of SCNet, of which no checkpoint is published"},
        {"segm_models",
         "its encoders, some hundred of them, come from Python packages and are not implemented"},
        {"swin_upernet", "its Swin transformer and UPerNet head are not implemented"},
        {"torchseg", "its encoders, some hundred of them, come from Python packages and are not implemented"},
        // MSST-GUI's
        {"dttnet", "its dual-path network is not implemented"},
        {"mdxnet", "its weights are ONNX files, which are not read"},
        {"medley_vox", "its Conv-TasNet is not implemented"},
        {"vr",
         "its masks of magnitudes in several sample rates, those of Ultimate Vocal Remover, are not "
         "implemented"},
    };
    return kTypes;
}

bool is_known_type(std::string_view model_type) {
    return is_run(model_type) || std::ranges::count(refused_types(), model_type, &RefusedType::name) > 0;
}

void require_supported_type(std::string_view model_type) {
    if (is_run(model_type)) return;
    const auto refused = std::ranges::find(refused_types(), model_type, &RefusedType::name);
    const std::string reason =
        refused == refused_types().end() ? "no network is known by that name" : std::string(refused->reason);
    throw Error(ErrorCode::invalid_input,
                "networks of type '" + clean_text(model_type, 60) + "' are not run: " + reason,
                "unsupported_model");
}

}  // namespace msst::model
