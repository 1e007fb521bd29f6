#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

#include "separation/separator.h"

namespace msst::cli::testing {

// Two stems, each half of the mixture. `on_push` runs before every block, to fail or to be interrupted.
class HalfSeparator final : public separation::Separator {
public:
    explicit HalfSeparator(std::function<void()> on_push = {}) : on_push_(std::move(on_push)) {
        info_.instruments = {"vocals", "other"};
    }

    const separation::SeparatorInfo& info() const override { return info_; }
    std::unique_ptr<separation::SeparationStream> open(std::stop_token) const override {
        return std::make_unique<Stream>(on_push_);
    }

private:
    class Stream final : public separation::SeparationStream {
    public:
        explicit Stream(const std::function<void()>& on_push) : on_push_(on_push) {}
        void push(const audio::Block& mixture, const separation::StemSink& sink) override {
            if (on_push_) on_push_();
            audio::Block half = mixture;
            for (float& sample : half.samples) sample /= 2;
            done_ += static_cast<double>(mixture.frames);
            sink({half, half});
        }
        void finish(const separation::StemSink&) override {}
        double frames_done() const override { return done_; }

    private:
        const std::function<void()>& on_push_;
        std::atomic<double> done_{0};
    };

    separation::SeparatorInfo info_;
    std::function<void()> on_push_;
};

}  // namespace msst::cli::testing
