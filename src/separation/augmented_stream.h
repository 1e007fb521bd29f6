#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "separation/frame_queue.h"
#include "separation/separator.h"

// Test-time augmentation as MSST does it (`--use_tta`): every stem is the mean
// of three passes over the song, each undone before it is added:
//
//   plain                  x
//   channels reversed      (L, R) -> (R, L); for a mono model a repeat of the plain pass
//   polarity inverted      -x
//
// MSST separates the whole song three times; here the three passes run beside
// each other, block by block, so that memory stays bounded.

namespace msst::separation {

class AugmentedStream final : public SeparationStream {
public:
    AugmentedStream(const Separator& separator, const std::stop_token& stop);

    void want_only(const std::vector<bool>& wanted) override;
    void push(const audio::Block& mixture, const StemSink& sink) override;
    void finish(const StemSink& sink) override;
    void expect_frames(int64_t frames) override;
    double frames_done() const override;

private:
    enum class Change { none, reverse_channels, invert_polarity };

    struct Pass {
        Change change;
        std::unique_ptr<SeparationStream> stream;
        std::vector<FrameQueue> stems;  // separated and changed back, waiting for the other passes
    };

    static audio::Block apply(Change change, audio::Block block);
    StemSink collector(Pass& pass);
    void emit_common(const StemSink& sink);

    std::vector<Pass> passes_;
};

}  // namespace msst::separation
