#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "audio/block.h"

// The interface between "a song as a stream of blocks" and whatever separates
// it: the embedded `dsp` model, or a network run by the engine.

namespace msst::separation {

// Stems of one stretch of the song, in the order of SeparatorInfo::instruments.
// All blocks have the same channels and frames.
using StemBlocks = std::vector<audio::Block>;

struct SeparatorInfo {
    std::vector<std::string> instruments;
    int sample_rate = 44100;
    int channels = 2;  // of the mixture it takes and the stems it gives
    // It takes the song with mean 0 and standard deviation 1 (MSST's inference.normalize); whoever opens a
    // stream normalises the mixture and gives the stems their level back (separation/normalization.h).
    bool is_normalized = false;
};

// Receives finished stretches, in order and without a gap. May throw to stop the song.
using StemSink = std::function<void(StemBlocks)>;

// One song (one pass over it). push() takes the mixture in order, in blocks of
// any size; stems come out of push() and finish() some frames later. Exactly as
// many frames come out as went in. Memory does not depend on the song's length.
class SeparationStream {
public:
    virtual ~SeparationStream() = default;

    // Before the first push: only these stems matter, [instruments]. The sink still gets all of them, but the
    // others may hold anything. A stream that saves no work by it may ignore it.
    virtual void want_only(const std::vector<bool>& /*wanted*/) {}

    // Before the first push: how long the song is going to be, as far as that is known. Only frames_done()
    // depends on it.
    virtual void expect_frames(int64_t /*frames*/) {}

    virtual void push(const audio::Block& mixture, const StemSink& sink) = 0;
    virtual void finish(const StemSink& sink) = 0;

    // Frames of the song whose work is done, fractions of a chunk included; readable from another thread.
    virtual double frames_done() const = 0;
};

// A model ready to run. Immutable and shared; open() starts a song.
class Separator {
public:
    virtual ~Separator() = default;

    virtual const SeparatorInfo& info() const = 0;

    // `stop` is looked at at least twice a second inside push() and finish(),
    // which then throw Error(cancelled).
    virtual std::unique_ptr<SeparationStream> open(std::stop_token stop) const = 0;
};

}  // namespace msst::separation
