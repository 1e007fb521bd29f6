#pragma once

#include <string>

#include "tasks/audio_check.h"

namespace msst::supervisor {

// Reads the line that a prober's child answered with. It may have been written by whoever took the child
// over: what is not exactly an answer throws Error(invalid_input, …, "invalid_audio"), an answer that is an
// error throws that one, with its text cleaned.
tasks::AudioFacts parse_probe_answer(const std::string& line);

// What of its sandbox the child says it could not apply: base/sandbox.h. Empty if the line is none of ours.
std::string list_sandbox_gaps(const std::string& line);

}  // namespace msst::supervisor
