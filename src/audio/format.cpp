#include "audio/format.h"

#include <array>

namespace msst::audio {

namespace {

constexpr std::array kFormats = {OutputFormat::wav, OutputFormat::flac};
constexpr std::array kPcmTypes = {PcmType::pcm_16, PcmType::pcm_24, PcmType::float_32};

}  // namespace

std::string_view to_string(OutputFormat format) {
    switch (format) {
        case OutputFormat::wav:
            return "wav";
        case OutputFormat::flac:
            return "flac";
    }
    return "";
}

std::string_view to_string(PcmType type) {
    switch (type) {
        case PcmType::pcm_16:
            return "PCM_16";
        case PcmType::pcm_24:
            return "PCM_24";
        case PcmType::float_32:
            return "FLOAT";
    }
    return "";
}

std::optional<OutputFormat> parse_output_format(std::string_view text) {
    for (OutputFormat format : kFormats)
        if (text == to_string(format)) return format;
    return std::nullopt;
}

std::optional<PcmType> parse_pcm_type(std::string_view text) {
    for (PcmType type : kPcmTypes)
        if (text == to_string(type)) return type;
    return std::nullopt;
}

}  // namespace msst::audio
