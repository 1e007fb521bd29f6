#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "separation/frame_queue.h"
#include "separation/separator.h"

namespace msst::testing {

// Stem s of sample x is gain(s) * x: exact, instant, and held back by `delay`
// frames until finish(), as a real model holds frames back.
class GainSeparator final : public separation::Separator {
public:
    GainSeparator(separation::SeparatorInfo info, std::vector<float> gains, int64_t delay = 0)
        : info_(std::move(info)), gains_(std::move(gains)), delay_(delay) {}

    const separation::SeparatorInfo& info() const override { return info_; }

    std::unique_ptr<separation::SeparationStream> open(std::stop_token) const override {
        return std::make_unique<Stream>(*this);
    }

private:
    class Stream final : public separation::SeparationStream {
    public:
        explicit Stream(const GainSeparator& owner) : owner_(owner), held_(owner.info_.channels) {}

        void push(const audio::Block& mixture, const separation::StemSink& sink) override {
            held_.push(mixture);
            give(held_.frames() - owner_.delay_, sink);
        }
        void finish(const separation::StemSink& sink) override { give(held_.frames(), sink); }
        double frames_done() const override { return static_cast<double>(done_.load()); }

    private:
        void give(int64_t frames, const separation::StemSink& sink) {
            if (frames <= 0) return;
            const audio::Block mixture = held_.pop(frames);
            separation::StemBlocks stems;
            for (const float gain : owner_.gains_) {
                audio::Block stem = mixture;
                for (float& sample : stem.samples) sample *= gain;
                stems.push_back(std::move(stem));
            }
            done_ += frames;
            sink(std::move(stems));
        }

        const GainSeparator& owner_;
        separation::FrameQueue held_;
        std::atomic<int64_t> done_ = 0;
    };

    separation::SeparatorInfo info_;
    std::vector<float> gains_;
    int64_t delay_;
};

// Does to every pushed block, all at once in finish(), what `separate` says; for
// separators that are not linear.
class WholeSongSeparator final : public separation::Separator {
public:
    using Function = std::function<separation::StemBlocks(const audio::Block&)>;

    WholeSongSeparator(separation::SeparatorInfo info, Function separate)
        : info_(std::move(info)), separate_(std::move(separate)) {}

    const separation::SeparatorInfo& info() const override { return info_; }

    std::unique_ptr<separation::SeparationStream> open(std::stop_token) const override {
        return std::make_unique<Stream>(*this);
    }

private:
    class Stream final : public separation::SeparationStream {
    public:
        explicit Stream(const WholeSongSeparator& owner) : owner_(owner), song_(owner.info_.channels) {}

        void push(const audio::Block& mixture, const separation::StemSink&) override { song_.push(mixture); }
        void finish(const separation::StemSink& sink) override {
            sink(owner_.separate_(song_.pop(song_.frames())));
        }
        double frames_done() const override { return 0; }

    private:
        const WholeSongSeparator& owner_;
        separation::FrameQueue song_;
    };

    separation::SeparatorInfo info_;
    Function separate_;
};

}  // namespace msst::testing
