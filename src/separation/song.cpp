#include "separation/song.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "audio/decoder.h"
#include "audio/resampler.h"
#include "base/error.h"
#include "separation/augmented_stream.h"
#include "separation/frame_queue.h"
#include "separation/progress_ticker.h"
#include "separation/stem_writers.h"

namespace msst::separation {
namespace {

// The last part of the work, after the last frame is separated: closing, hashing and syncing the files.
constexpr double kEncodingShare = 0.02;

// MSST gives a stereo model the one channel of a mono song twice.
audio::Block with_channels(audio::Block block, int channels) {
    if (block.channels == channels) return block;
    check(block.channels == 1, "song: the decoder gave more channels than the model takes");
    audio::Block copies(channels, block.frames);
    for (int c = 0; c < channels; ++c) std::ranges::copy(block.channel(0), copies.channel(c).begin());
    return copies;
}

// One song on its way: what is decoded goes to the model and, delayed by as
// much as the model holds back, beside its stems to the writers.
class SongRun {
public:
    SongRun(const Separator& separator, const SongRequest& request, const std::stop_token& stop)
        : info_(separator.info()),
          stop_(stop),
          decoder_(request.input, {.max_seconds = request.max_seconds, .max_channels = info_.channels}),
          resampler_(decoder_.sample_rate(), info_.sample_rate, info_.channels),
          mixture_(info_.channels),
          writers_(info_, request, expected_frames()),
          stream_(request.use_tta ? std::make_unique<AugmentedStream>(separator, stop)
                                  : separator.open(stop)) {}

    SongResult run(const SongRequest& request) {
        ProgressTicker ticker([&] { return (1 - kEncodingShare) * fraction_separated(); },
                              request.on_progress);
        audio::Block block;
        while (decoder_.read(block))
            separate(resampler_.push(with_channels(std::move(block), info_.channels)));
        if (decoder_.frames_read() == 0)
            throw Error(ErrorCode::invalid_input, "the file holds no audio that can be decoded",
                        "invalid_audio");
        separate(resampler_.finish());
        stream_->finish(sink());
        check(mixture_.frames() == 0, "song: the separator gave fewer frames than it got");
        ticker.enter(SongStage::encoding);

        SongResult result{
            .stems = writers_.finish(), .warnings = decoder_.warnings(), .input_seconds = input_seconds()};
        add_level_warnings(result);
        ticker.finish();
        return result;
    }

private:
    void separate(const audio::Block& mixture) {
        if (stop_.stop_requested()) throw Error(ErrorCode::cancelled, "the separation was cancelled");
        if (mixture.frames == 0) return;
        mixture_.push(mixture);
        stream_->push(mixture, sink());
    }

    StemSink sink() {
        return [this](const StemBlocks& stems) {
            if (stems.front().frames > 0) writers_.write(stems, mixture_.pop(stems.front().frames));
        };
    }

    // Of each stem, as far as the input's header can be believed.
    int64_t expected_frames() const {
        const audio::AudioInfo& input = decoder_.info();
        return std::llround(input.duration_seconds * info_.sample_rate);
    }

    double fraction_separated() const {
        const auto expected = static_cast<double>(expected_frames());
        return expected > 0 ? std::clamp(stream_->frames_done() / expected, 0.0, 1.0) : 0.0;
    }

    double input_seconds() const {
        return static_cast<double>(decoder_.frames_read()) / decoder_.sample_rate();
    }

    void add_level_warnings(SongResult& result) const {
        for (const WrittenStem& stem : result.stems)
            if (stem.clipped_samples > 0)
                result.warnings.push_back(stem.name + ": " + std::to_string(stem.clipped_samples) +
                                          " samples were clipped; pcm_type FLOAT keeps them");
        if (const int64_t count = writers_.nonfinite_samples(); count > 0)
            result.warnings.push_back(std::to_string(count) +
                                      " samples were not finite numbers and became silence");
    }

    SeparatorInfo info_;
    std::stop_token stop_;
    audio::Decoder decoder_;
    audio::Resampler resampler_;
    FrameQueue mixture_;  // separated already or being separated, not yet written
    StemWriters writers_;
    std::unique_ptr<SeparationStream> stream_;
};

}  // namespace

SongResult separate_song(const Separator& separator, const SongRequest& request, std::stop_token stop) {
    if (request.on_progress) request.on_progress(SongStage::decoding, 0);
    return SongRun(separator, request, stop).run(request);
}

}  // namespace msst::separation
