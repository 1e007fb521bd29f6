#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The words for audio files, in and out. A frame is one sample per channel; a
// sample is one number.

namespace msst::audio {

enum class OutputFormat { wav, flac };
enum class PcmType { pcm_16, pcm_24, float_32 };

std::string_view to_string(OutputFormat format);  // "wav", "flac"
std::string_view to_string(PcmType type);         // "PCM_16", "PCM_24", "FLOAT", as MSST writes them
std::optional<OutputFormat> parse_output_format(std::string_view text);
std::optional<PcmType> parse_pcm_type(std::string_view text);

// What an audio file says of itself before it is decoded.
struct AudioInfo {
    std::string format;   // wav flac mp3 ogg m4a
    std::string codec;    // as FFmpeg names it: pcm_s24le, mp3, opus …
    int sample_rate = 0;  // Hz
    int channels = 0;
    double duration_seconds = 0;    // from the container; an estimate for some MP3 files
    std::optional<int64_t> frames;  // exact, where the container says so
};

}  // namespace msst::audio
