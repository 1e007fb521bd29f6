#include "separation/chunked_separator.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "separation/chunk_window.h"
#include "separation/overlap_add.h"

namespace msst::separation {
namespace {

// Positions count frames of the padded song: the song itself begins at lead_.
class ChunkedStream final : public SeparationStream {
public:
    ChunkedStream(std::shared_ptr<const ChunkModel> model, const ChunkRules& rules, std::stop_token stop)
        : model_(std::move(model)),
          rules_(rules),
          stop_(std::move(stop)),
          chunk_(model_->chunk_frames()),
          step_(chunk_ / rules.num_overlap),
          border_(rules.mode == ChunkRules::Mode::generic ? chunk_ - step_ : 0),
          channels_(model_->info().channels),
          rows_(static_cast<int64_t>(model_->info().instruments.size()) * channels_),
          waiting_(channels_),
          joined_(rows_, chunk_ + rules.batch_size * step_) {}

    void want_only(const std::vector<bool>& wanted) override { wanted_ = wanted; }
    void expect_frames(int64_t frames) override { expected_frames_ = frames; }

    void push(const audio::Block& mixture, const StemSink& sink) override {
        song_frames_ += mixture.frames;
        append(mixture);
        if (!is_started_ && song_frames_ > 2 * border_) start_padded();
        // One frame past the chunk tells whether there is a next one.
        while (is_started_ && received_ > next_start_ + (rules_.batch_size - 1) * step_ + chunk_)
            run_batch(rules_.batch_size, sink);
    }

    void finish(const StemSink& sink) override {
        if (song_frames_ == 0) return;
        if (lead_ > 0) append_reflection();
        is_ended_ = true;
        while (next_start_ < received_) {
            const int64_t left = (received_ - next_start_ + step_ - 1) / step_;
            run_batch(static_cast<int>(std::min<int64_t>(left, rules_.batch_size)), sink);
        }
        done_ = static_cast<double>(song_frames_);
    }

    double frames_done() const override { return done_; }

private:
    void append(const audio::Block& block) {
        for (int c = 0; c < channels_; ++c) {
            const auto in = block.channel(c);
            waiting_[c].insert(waiting_[c].end(), in.begin(), in.end());
        }
        received_ += block.frames;
    }

    // The song is long enough for MSST's reflect padding: [a b c d] padded by 2 is [c b a b c d c b].
    void start_padded() {
        is_started_ = true;
        if (border_ == 0) return;
        for (auto& channel : waiting_) {
            std::vector<float> head(channel.begin() + 1, channel.begin() + 1 + border_);
            channel.insert(channel.begin(), head.rbegin(), head.rend());
        }
        lead_ = border_;
        received_ += border_;
    }

    void append_reflection() {
        for (auto& channel : waiting_) {
            const std::vector<float> tail(channel.end() - 1 - border_, channel.end() - 1);
            channel.insert(channel.end(), tail.rbegin(), tail.rend());
        }
        received_ += border_;
    }

    // Copies the chunk at `start` to `out`, [channels, chunk], and returns how many of its frames are the
    // song's.
    int64_t fill_chunk(int64_t start, std::span<float> out) const {
        const int64_t available = std::min(chunk_, received_ - start);
        const bool reflects = rules_.mode == ChunkRules::Mode::generic && available > chunk_ / 2;
        for (int c = 0; c < channels_; ++c) {
            const float* in = waiting_[c].data() + (start - next_start_);
            float* to = out.data() + c * chunk_;
            std::copy_n(in, available, to);
            for (int64_t i = available; i < chunk_; ++i)
                to[i] = reflects ? to[2 * (available - 1) - i] : 0.0f;
        }
        return available;
    }

    std::vector<float> window_of(int64_t start, int64_t batch_end) const {
        if (rules_.mode == ChunkRules::Mode::demucs) return std::vector<float>(chunk_, 1.0f);
        if (rules_.edges == ChunkRules::Edges::per_chunk) {
            const bool is_last = is_ended_ && start + step_ >= received_;
            return make_chunk_window(chunk_, start == 0 ? FadeIn::no : FadeIn::yes,
                                     is_last ? FadeOut::no : FadeOut::yes);
        }
        const bool is_first_alone = batch_end - step_ == 0;
        const bool is_last_batch = is_ended_ && batch_end >= received_;
        return make_chunk_window(chunk_, is_first_alone ? FadeIn::no : FadeIn::yes,
                                 is_last_batch && !is_first_alone ? FadeOut::no : FadeOut::yes);
    }

    void run_batch(int batch, const StemSink& sink) {
        if (stop_.stop_requested()) throw Error(ErrorCode::cancelled, "the separation was cancelled");
        mixtures_.resize(batch * channels_ * chunk_);
        stems_.resize(batch * rows_ * chunk_);
        std::vector<int64_t> frames(batch);
        for (int b = 0; b < batch; ++b)
            frames[b] = fill_chunk(next_start_ + b * step_,
                                   std::span(mixtures_).subspan(b * channels_ * chunk_, channels_ * chunk_));

        const auto before = static_cast<double>(next_start_);
        const auto advance = static_cast<double>(batch * step_);
        const auto on_progress = [&](double fraction) { set_done(before + fraction * advance); };
        model_->separate(mixtures_, batch, stems_,
                         {.stop = stop_, .on_progress = on_progress, .wanted = wanted_});

        set_done(before + advance);

        const int64_t batch_end = next_start_ + batch * step_;
        for (int b = 0; b < batch; ++b) {
            const int64_t start = next_start_ + b * step_;
            joined_.add(start, std::span(stems_).subspan(b * rows_ * chunk_, rows_ * chunk_), chunk_,
                        frames[b], window_of(start, batch_end));
        }
        const int64_t consumed = std::min(batch_end, received_) - next_start_;
        for (auto& channel : waiting_) channel.erase(channel.begin(), channel.begin() + consumed);
        next_start_ = batch_end;
        emit(std::min(batch_end, received_), sink);
    }

    // What the chunks have come through of the padded song, in frames of the song itself: its padding is work
    // too, up to two chunks of it behind the song's last frame.
    void set_done(double padded_frames) {
        const int64_t frames = is_ended_ ? song_frames_ : std::max(expected_frames_, song_frames_);
        const int64_t padded = frames > 2 * border_ ? frames + 2 * border_ : frames;
        const int64_t all = (padded + step_ - 1) / step_ * step_;
        const double share = padded_frames / static_cast<double>(all);
        done_ = std::max<double>(done_, std::min(1.0, share) * static_cast<double>(frames));
    }

    // Gives out what is final, without the padding.
    void emit(int64_t end, const StemSink& sink) {
        const int64_t from = joined_.position();
        const std::vector<float> rows = joined_.take(end);
        const int64_t begin = std::max(from, lead_);
        const int64_t stop = is_ended_ ? std::min(end, lead_ + song_frames_) : end;
        if (stop <= begin) return;
        StemBlocks stems(rows_ / channels_, audio::Block(channels_, stop - begin));
        for (int64_t row = 0; row < rows_; ++row)
            std::copy_n(rows.data() + row * (end - from) + (begin - from), stop - begin,
                        stems[row / channels_].channel(static_cast<int>(row % channels_)).begin());
        sink(std::move(stems));
    }

    std::shared_ptr<const ChunkModel> model_;
    ChunkRules rules_;
    std::stop_token stop_;
    int64_t chunk_;
    int64_t step_;
    int64_t border_;
    int64_t channels_;
    int64_t rows_;
    std::vector<bool> wanted_;  // by instrument; empty: all

    std::vector<std::vector<float>> waiting_;  // [channels][frames], from next_start_
    OverlapAdd joined_;
    std::vector<float> mixtures_, stems_;
    int64_t expected_frames_ = 0;
    int64_t song_frames_ = 0;
    int64_t received_ = 0;    // of the padded song
    int64_t lead_ = 0;        // padding in front of the song
    int64_t next_start_ = 0;  // of the next chunk
    bool is_started_ = false;
    bool is_ended_ = false;
    std::atomic<double> done_ = 0;
};

}  // namespace

ChunkRules::Edges parse_chunk_edges(std::string_view text) {
    if (text == "msst") return ChunkRules::Edges::msst;
    if (text == "per_chunk") return ChunkRules::Edges::per_chunk;
    throw Error(ErrorCode::invalid_input,
                "chunk_edges is '" + clean_text(text, 40) + "', it must be msst or per_chunk");
}

void check_rules(const ChunkRules& rules, int64_t chunk_frames) {
    if (rules.num_overlap < 1 || rules.num_overlap > chunk_frames)
        throw Error(ErrorCode::invalid_input, "num_overlap is " + std::to_string(rules.num_overlap) +
                                                  ", it must be between 1 and the chunk's " +
                                                  std::to_string(chunk_frames) + " frames");
    if (rules.batch_size < 1)
        throw Error(ErrorCode::invalid_input,
                    "batch_size is " + std::to_string(rules.batch_size) + ", it must be at least 1");
}

ChunkedSeparator::ChunkedSeparator(std::shared_ptr<const ChunkModel> model, ChunkRules rules)
    : model_(std::move(model)), rules_(rules) {
    check_rules(rules, model_->chunk_frames());
}

std::unique_ptr<SeparationStream> ChunkedSeparator::open(std::stop_token stop) const {
    return std::make_unique<ChunkedStream>(model_, rules_, std::move(stop));
}

}  // namespace msst::separation
