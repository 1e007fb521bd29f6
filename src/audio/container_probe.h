#pragma once

#include "audio/ffmpeg_handles.h"
#include "audio/input_file.h"

namespace msst::audio {

// The container by its first bytes: FFmpeg's demuxer for it. Throws Error(invalid_input, …,
// "unsupported_format"), naming what it is where that is known, if it is none of ours.
const AVInputFormat& probe_container(const InputFile& file);

// "wav", "flac", "mp3", "ogg" or "m4a"; empty if it is none of ours.
const char* format_word(const AVInputFormat& format);

// "; send WAV, …": the second half of every sentence that refuses a format.
extern const char* const kSupportedHint;

}  // namespace msst::audio
