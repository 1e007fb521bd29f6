#include "dsp/dsp_separator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <deque>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "dsp/bass_model.h"
#include "dsp/masks.h"
#include "dsp/median_filter.h"
#include "dsp/stereo_centre.h"
#include "dsp/stft.h"
#include "dsp/voice_model.h"
#include "separation/frame_queue.h"

namespace msst::dsp {
namespace {

constexpr int kChannels = 2;
constexpr int kSampleRate = 44100;
constexpr int kFrameMedian = 17;  // in time
constexpr int kBinMedian = 31;    // in frequency
constexpr int kReach = kFrameMedian / 2;
constexpr int kBinReach = kBinMedian / 2;
constexpr int64_t kLead =
    kWindow - kHop;  // silence in front, so that every frame meets kWindow / kHop windows

struct Analysed {
    std::array<Spectrum, kChannels> spectra;
    std::vector<float> magnitude;  // [bin], over both channels
};

std::vector<float> zeros() {
    return std::vector<float>(kBins);
}

// Files of floats may hold numbers whose squares are infinite. What the limit cuts off goes to the last stem.
float limited(float sample) {
    constexpr float kLoudest = 1e6f;
    return std::isfinite(sample) ? std::clamp(sample, -kLoudest, kLoudest) : 0.0f;
}

class DspStream final : public separation::SeparationStream {
public:
    explicit DspStream(std::stop_token stop) : stop_(std::move(stop)), mixture_(kChannels) {
        for (auto& channel : waiting_) channel.assign(kLead, 0.0f);
        for (auto& stem : sums_)
            for (auto& channel : stem) channel.assign(kWindow, 0.0f);
    }

    void push(const audio::Block& mixture, const separation::StemSink& sink) override {
        song_frames_ += mixture.frames;
        mixture_.push(mixture);
        for (int c = 0; c < kChannels; ++c) {
            const auto in = mixture.channel(c);
            std::ranges::transform(in, std::back_inserter(waiting_[c]), limited);
        }
        analyse_all(sink);
    }

    void finish(const separation::StemSink& sink) override {
        if (song_frames_ == 0) return;
        for (auto& channel : waiting_) channel.resize(channel.size() + kWindow, 0.0f);
        analyse_all(sink);
        while (next_ < std::ssize(frames_)) separate_next(sink);
    }

    double frames_done() const override { return static_cast<double>(done_.load()); }

private:
    void analyse_all(const separation::StemSink& sink) {
        size_t begin = 0;
        for (; begin + kWindow <= waiting_[0].size(); begin += kHop) {
            if (stop_.stop_requested()) throw Error(ErrorCode::cancelled, "the separation was cancelled");
            frames_.push_back(analyse(begin));
            if (std::ssize(frames_) > next_ + kReach) separate_next(sink);
        }
        for (auto& channel : waiting_) channel.erase(channel.begin(), channel.begin() + begin);
    }

    Analysed analyse(size_t begin) {
        Analysed frame;
        for (int c = 0; c < kChannels; ++c)
            fourier_.forward(std::span(waiting_[c]).subspan(begin, kWindow), frame.spectra[c]);
        frame.magnitude.resize(kBins);
        for (int bin = 0; bin < kBins; ++bin)
            frame.magnitude[bin] =
                std::sqrt(std::norm(frame.spectra[0][bin]) + std::norm(frame.spectra[1][bin]));
        return frame;
    }

    // frames_[next_] has all the neighbours it will get.
    void separate_next(const separation::StemSink& sink) {
        const Analysed& frame = frames_[next_];
        find_sustained();
        find_struck(frame);
        find_centre(frame.spectra[0], frame.spectra[1], centre_);
        bass_model_.find_teeth(harmonic_, bass_teeth_);
        mask_model_.estimate({frame.magnitude, harmonic_, percussive_, centre_, bass_teeth_}, masks_);
        voice_model_.sharpen(frame.magnitude, masks_);
        for (const Stem stem : {kVocals, kDrums, kBass})
            for (int c = 0; c < kChannels; ++c) {
                for (int bin = 0; bin < kBins; ++bin)
                    masked_[bin] = frame.spectra[c][bin] * masks_[stem][bin];
                fourier_.add_inverse(masked_, sums_[stem][c]);
            }
        emit(sink);
        if (next_ == kReach)
            frames_.pop_front();
        else
            ++next_;
    }

    // Outside of the song its first and last frames stand still.
    void find_sustained() {
        std::array<const float*, kFrameMedian> rows;
        for (int r = 0; r < kFrameMedian; ++r) {
            const int64_t at = std::clamp<int64_t>(next_ + r - kReach, 0, std::ssize(frames_) - 1);
            rows[r] = frames_[at].magnitude.data();
        }
        time_median_.apply(rows, harmonic_);
    }

    void find_struck(const Analysed& frame) {
        std::ranges::copy(frame.magnitude, padded_.begin() + kBinReach);
        for (int i = 0; i < kBinReach; ++i) {  // mirrored about the first and the last bin
            padded_[kBinReach - 1 - i] = frame.magnitude[i + 1];
            padded_[kBinReach + kBins + i] = frame.magnitude[kBins - 2 - i];
        }
        std::array<const float*, kBinMedian> rows;
        for (int r = 0; r < kBinMedian; ++r) rows[r] = padded_.data() + r;
        bin_median_.apply(rows, percussive_);
    }

    // The first hop of the sums is final.
    void emit(const separation::StemSink& sink) {
        const int64_t skipped = std::clamp<int64_t>(kLead - position_, 0, kHop);
        position_ += kHop;
        const int64_t count = std::min<int64_t>(kHop - skipped, mixture_.frames());
        if (count > 0) {
            separation::StemBlocks stems(kStems, audio::Block(kChannels, count));
            stems[kOther] = mixture_.pop(count);
            for (const Stem stem : {kVocals, kDrums, kBass})
                for (int c = 0; c < kChannels; ++c) {
                    const auto out = stems[stem].channel(c), rest = stems[kOther].channel(c);
                    for (int64_t i = 0; i < count; ++i) {
                        out[i] = sums_[stem][c][skipped + i];
                        rest[i] -= out[i];
                    }
                }
            sink(std::move(stems));
            done_ += count;
        }
        for (auto& stem : sums_)
            for (auto& channel : stem) {
                std::shift_left(channel.begin(), channel.end(), kHop);
                std::fill(channel.end() - kHop, channel.end(), 0.0f);
            }
    }

    std::stop_token stop_;
    separation::FrameQueue mixture_;  // not given out yet
    MedianFilter time_median_{kFrameMedian};
    MedianFilter bin_median_{kBinMedian};
    BassModel bass_model_{kSampleRate};
    MaskModel mask_model_{kSampleRate};
    VoiceModel voice_model_{kSampleRate};
    Fourier fourier_;
    std::array<std::vector<float>, kChannels> waiting_;  // not analysed yet
    std::deque<Analysed> frames_;                        // neighbours in time
    int64_t next_ = 0;                                   // index into frames_: separated next
    std::vector<float> harmonic_ = zeros(), percussive_ = zeros(), centre_ = zeros(), bass_teeth_ = zeros();
    std::vector<float> padded_ = std::vector<float>(kBins + 2 * kBinReach);
    Masks masks_;
    Spectrum masked_ = Spectrum(kBins);
    std::array<std::array<std::vector<float>, kChannels>, kOther> sums_;  // [kWindow], overlap-add
    int64_t position_ = 0;  // of the sums' first sample, the lead included
    int64_t song_frames_ = 0;
    std::atomic<int64_t> done_ = 0;
};

class DspSeparator final : public separation::Separator {
public:
    const separation::SeparatorInfo& info() const override { return info_; }

    std::unique_ptr<separation::SeparationStream> open(std::stop_token stop) const override {
        return std::make_unique<DspStream>(std::move(stop));
    }

private:
    separation::SeparatorInfo info_{.instruments = {"vocals", "drums", "bass", "other"},
                                    .sample_rate = kSampleRate,
                                    .channels = kChannels};
};

}  // namespace

std::unique_ptr<separation::Separator> make_dsp_separator() {
    return std::make_unique<DspSeparator>();
}

}  // namespace msst::dsp
