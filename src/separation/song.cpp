#include "separation/song.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "separation/augmented_stream.h"
#include "separation/frame_queue.h"
#include "separation/normalization.h"
#include "separation/progress_ticker.h"
#include "separation/song_decoder.h"
#include "separation/stem_writers.h"

namespace msst::separation {
namespace {

// The last part of the work, after the last frame is separated: closing, hashing and syncing the files.
constexpr double kEncodingShare = 0.02;

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "the separation was cancelled");
}

// The level of the whole song, from a pass of its own over the file, where the model wants it; else none.
Normalization measure(const SeparatorInfo& info, const SongRequest& request, const std::stop_token& stop) {
    if (!info.is_normalized) return {};
    SongDecoder song(request.input, info, request.max_seconds);
    NormalizationMeter meter;
    for (audio::Block block; song.read(block);) {
        throw_if_stopped(stop);
        meter.add(block);
    }
    return meter.result();
}

// One song on its way: what is decoded goes to the model and, delayed by as
// much as the model holds back, beside its stems to the writers.
class SongRun {
public:
    SongRun(const Separator& separator, const SongRequest& request, const std::stop_token& stop)
        : info_(separator.info()),
          stop_(stop),
          normalization_(measure(info_, request, stop)),
          song_(request.input, info_, request.max_seconds),
          mixture_(info_.channels),
          writers_(info_, request, expected_frames()),
          stream_(request.use_tta ? std::make_unique<AugmentedStream>(separator, stop)
                                  : separator.open(stop)) {}

    SongResult run(const SongRequest& request) {
        ProgressTicker ticker([&] { return (1 - kEncodingShare) * fraction_separated(); },
                              request.on_progress);
        for (audio::Block block; song_.read(block);) separate(std::move(block));
        stream_->finish(sink());
        check(mixture_.frames() == 0, "song: the separator gave fewer frames than it got");
        ticker.enter(SongStage::encoding);

        SongResult result{.stems = writers_.finish(),
                          .warnings = song_.decoder().warnings(),
                          .input_seconds = input_seconds()};
        add_level_warnings(result);
        ticker.finish();
        return result;
    }

private:
    void separate(audio::Block mixture) {
        throw_if_stopped(stop_);
        mixture_.push(mixture);
        if (info_.is_normalized) normalization_.apply(mixture);
        stream_->push(mixture, sink());
    }

    StemSink sink() {
        return [this](StemBlocks stems) {
            if (stems.front().frames == 0) return;
            if (info_.is_normalized)
                for (audio::Block& stem : stems) normalization_.undo(stem);
            writers_.write(stems, mixture_.pop(stems.front().frames));
        };
    }

    // Of each stem, as far as the input's header can be believed.
    int64_t expected_frames() const {
        const audio::AudioInfo& input = song_.decoder().info();
        return std::llround(input.duration_seconds * info_.sample_rate);
    }

    double fraction_separated() const {
        const auto expected = static_cast<double>(expected_frames());
        return expected > 0 ? std::clamp(stream_->frames_done() / expected, 0.0, 1.0) : 0.0;
    }

    double input_seconds() const {
        return static_cast<double>(song_.decoder().frames_read()) / song_.decoder().sample_rate();
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
    Normalization normalization_;
    SongDecoder song_;
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
