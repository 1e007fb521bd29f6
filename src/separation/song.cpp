#include "separation/song.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "base/error.h"
#include "separation/augmented_stream.h"
#include "separation/frame_queue.h"
#include "separation/normalization.h"
#include "separation/progress_ticker.h"
#include "separation/shift_sums.h"
#include "separation/song_decoder.h"
#include "separation/stem_writers.h"

namespace msst::separation {
namespace {

// The last part of the work, after the last frame is separated: closing, hashing and syncing the files.
constexpr double kEncodingShare = 0.02;

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "the separation was cancelled");
}

// What has to be known of a whole song before it is separated.
struct Survey {
    Normalization normalization;
    int64_t frames = 0;  // at the model's sample rate
};

// From a pass of its own over the file, where somebody needs it; else nothing.
Survey survey_song(const SeparatorInfo& info, const SongRequest& request, const std::stop_token& stop) {
    if (!info.is_normalized && request.bigshifts <= 1) return {};
    SongDecoder song(request.input, info, request.max_seconds);
    NormalizationMeter meter;
    Survey survey;
    for (audio::Block block; song.read(block); survey.frames += block.frames) {
        throw_if_stopped(stop);
        if (info.is_normalized) meter.add(block);
    }
    survey.normalization = meter.result();
    return survey;
}

audio::Block part_of(const audio::Block& block, int64_t first, int64_t last) {
    audio::Block part(block.channels, last - first);
    for (int c = 0; c < block.channels; ++c)
        std::ranges::copy(block.channel(c).subspan(first, part.frames), part.channel(c).begin());
    return part;
}

// One song on its way: what is decoded goes to the model and, delayed by as
// much as the model holds back, beside its stems to the writers.
//
// With bigshifts the passes over the turned song come first, and only add to
// the sums. The last pass is over the song as it is, so that its stems, mean of
// all passes, come out in the song's order.
class SongRun {
public:
    SongRun(const Separator& separator, const SongRequest& request, const std::stop_token& stop)
        : separator_(separator),
          request_(request),
          info_(separator.info()),
          stop_(stop),
          survey_(survey_song(info_, request, stop)),
          song_(request.input, info_, request.max_seconds),
          mixture_(info_.channels),
          writers_(info_, request, expected_frames()) {
        if (passes() > 1) sums_.emplace(writers_.needed(), info_.channels, survey_.frames, writers_.folder());
    }

    SongResult run() {
        ProgressTicker ticker([&] { return (1 - kEncodingShare) * fraction_separated(); },
                              request_.on_progress);
        for (int pass = 1; pass < passes(); ++pass) run_shifted(pass * (survey_.frames / passes()));
        run_straight();
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
    int passes() const { return std::max(1, request_.bigshifts); }

    void begin_pass() {
        auto stream =
            request_.use_tta ? std::make_unique<AugmentedStream>(separator_, stop_) : separator_.open(stop_);
        stream->want_only(writers_.needed());
        stream->expect_frames(expected_frames());
        const std::lock_guard lock(stream_mutex_);
        passes_begun_ += 1;
        stream_ = std::move(stream);
    }

    void push(audio::Block mixture, const StemSink& sink) {
        throw_if_stopped(stop_);
        if (info_.is_normalized) survey_.normalization.apply(mixture);
        stream_->push(mixture, sink);
    }

    void run_straight() {
        begin_pass();
        int64_t position = 0;
        const StemSink sink = [&](StemBlocks stems) {
            const int64_t frames = stems.front().frames;
            if (frames == 0) return;
            if (sums_) add_other_passes(stems, position);
            position += frames;
            if (info_.is_normalized)
                for (audio::Block& stem : stems) survey_.normalization.undo(stem);
            writers_.write(std::move(stems), mixture_.pop(frames));
        };
        std::future<std::optional<audio::Block>> ahead = read_ahead();
        while (std::optional<audio::Block> block = ahead.get()) {
            ahead = read_ahead();
            mixture_.push(*block);
            push(std::move(*block), sink);
        }
        stream_->finish(sink);
    }

    // The next block of the song, decoded while the model works on the one before.
    std::future<std::optional<audio::Block>> read_ahead() {
        return std::async(std::launch::async, [this]() -> std::optional<audio::Block> {
            audio::Block block;
            if (!song_.read(block)) return std::nullopt;
            return block;
        });
    }

    // The song turned to the right by `shift` frames: its last ones come first.
    void run_shifted(int64_t shift) {
        begin_pass();
        const int64_t start = survey_.frames - shift;
        int64_t position = start;
        const StemSink sink = [&](const StemBlocks& stems) {
            sums_->add(position, stems);
            position += stems.front().frames;
        };
        push_frames(start, survey_.frames, sink);
        push_frames(0, start, sink);
        stream_->finish(sink);
        check(position == start + survey_.frames, "song: the separator gave fewer frames than it got");
    }

    // Frames [begin, end) of the song, decoded from its beginning again.
    void push_frames(int64_t begin, int64_t end, const StemSink& sink) {
        if (begin == end) return;
        SongDecoder song(request_.input, info_, request_.max_seconds);
        int64_t at = 0;
        for (audio::Block block; at < end && song.read(block); at += block.frames) {
            throw_if_stopped(stop_);
            const int64_t first = std::clamp<int64_t>(begin - at, 0, block.frames);
            const int64_t last = std::min(end - at, block.frames);
            if (first < last) push(part_of(block, first, last), sink);
        }
        if (at < end)
            throw Error(ErrorCode::unavailable, request_.input.string() + " had " +
                                                    std::to_string(survey_.frames) + " frames, now it has " +
                                                    std::to_string(at));
    }

    // From the stems of the last pass to the mean over all of them.
    void add_other_passes(StemBlocks& stems, int64_t position) {
        sums_->add_to(stems, position);
        for (audio::Block& stem : stems)
            for (float& sample : stem.samples) sample /= static_cast<float>(passes());
    }

    // Of each stem, as far as the input's header can be believed.
    int64_t expected_frames() const {
        if (survey_.frames > 0) return survey_.frames;
        const audio::AudioInfo& input = song_.decoder().info();
        return std::llround(input.duration_seconds * info_.sample_rate);
    }

    double fraction_separated() {
        const auto expected = static_cast<double>(expected_frames());
        const std::lock_guard lock(stream_mutex_);
        if (expected <= 0 || !stream_) return 0;
        const double of_pass = std::clamp(stream_->frames_done() / expected, 0.0, 1.0);
        return (passes_begun_ - 1 + of_pass) / passes();
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

    const Separator& separator_;
    const SongRequest& request_;
    SeparatorInfo info_;
    std::stop_token stop_;
    Survey survey_;
    SongDecoder song_;
    FrameQueue mixture_;  // separated already or being separated, not yet written
    StemWriters writers_;
    std::optional<ShiftSums> sums_;
    std::mutex stream_mutex_;                   // the ticker reads stream_ and passes_begun_
    int passes_begun_ = 0;                      // guarded by stream_mutex_
    std::unique_ptr<SeparationStream> stream_;  // of the pass; replaced under stream_mutex_
};

}  // namespace

SongResult separate_song(const Separator& separator, const SongRequest& request,
                         const std::stop_token& stop) {
    if (request.on_progress) request.on_progress(SongStage::decoding, 0);
    return SongRun(separator, request, stop).run();
}

}  // namespace msst::separation
