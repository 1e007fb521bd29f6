#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "separation/separator.h"

namespace msst::separation {

// A network as the chunk loop sees it: it knows chunks of one size, and nothing of songs.
class ChunkModel {
public:
    virtual ~ChunkModel() = default;

    virtual const SeparatorInfo& info() const = 0;
    virtual int64_t chunk_frames() const = 0;

    // mixtures  [batch, channels, chunk_frames]
    // stems     [batch, instruments, channels, chunk_frames], overwritten
    //
    // on_progress gets the fraction of this call that is done, 0-1; may be empty.
    // Throws Error(cancelled) within half a second of a request to stop.
    virtual void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                          const std::stop_token& stop,
                          const std::function<void(double)>& on_progress) const = 0;
};

}  // namespace msst::separation
