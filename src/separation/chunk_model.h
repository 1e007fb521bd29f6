#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "separation/separator.h"

namespace msst::separation {

struct ChunkRun {
    std::stop_token stop;
    std::function<void(double)> on_progress;  // gets the fraction of the call that is done, 0-1; may be empty
    std::vector<bool> wanted;                 // by instrument; empty: all of them
};

// A network as the chunk loop sees it: it knows chunks of one size, and nothing of songs.
class ChunkModel {
public:
    virtual ~ChunkModel() = default;

    virtual const SeparatorInfo& info() const = 0;
    virtual int64_t chunk_frames() const = 0;

    // mixtures  [batch, channels, chunk_frames]
    // stems     [batch, instruments, channels, chunk_frames], overwritten; those that are not wanted may stay
    //           as they are
    //
    // Throws Error(cancelled) within half a second of a request to stop.
    virtual void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                          const ChunkRun& run) const = 0;
};

}  // namespace msst::separation
