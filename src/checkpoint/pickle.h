#pragma once

#include "checkpoint/byte_reader.h"
#include "checkpoint/pickle_value.h"

// Reads one pickle (protocols 0-5) as data. A pickle is a program for a small
// stack machine whose REDUCE calls any importable function; here nothing is
// ever called. A fixed set of names that torch.save writes has meaning
// (pickle_globals.h), every other name becomes an inert Opaque value.

namespace msst::checkpoint {

// A full training checkpoint of a large model needs about a fiftieth of each.
struct PickleLimits {
    int64_t operations = 8'000'000;
    int64_t values = 1'000'000;        // created in one pickle, and remembered in its memo
    int64_t copied_items = 4'000'000;  // items and characters copied: list(x), tuples, names …
    int64_t stack = 1'000'000;         // values and marks waiting
};

// Reads up to and including STOP; `reader` then stands behind it. Throws Error(invalid_input) for malformed
// pickles, opcodes torch.save does not write, and pickles beyond the limits. Time and memory are bounded by
// the limits and by the number of bytes there are, never by a number the pickle declares.
PickleTree read_pickle(ByteReader& reader, const PickleLimits& limits = {});

}  // namespace msst::checkpoint
