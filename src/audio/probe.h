#pragma once

#include <filesystem>

#include "audio/format.h"

namespace msst::audio {

// What the file is, from its headers and first packets; the whole file is not decoded. The content decides,
// never the name. Pictures and video beside the audio are ignored.
//
// Throws Error(invalid_input) with a sentence for the client (no path in it):
//   "unsupported_format"  container or codec is none of ours (WAV, FLAC, MP3, OGG Vorbis/Opus, M4A AAC/ALAC)
//   "invalid_audio"       one of ours, but empty, unreadable, without one frame that decodes, or out of
//   bounds
// and Error(not_found / unavailable) if the file cannot be opened or read.
AudioInfo probe(const std::filesystem::path& file);

}  // namespace msst::audio
