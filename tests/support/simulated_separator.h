#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/error.h"
#include "separation/separator.h"

namespace msst::testing {

// What becomes of a song, by the name of the model.
//
//   copy      the stems are the mixture
//   gate      the same, once the file "gate" is there; stops when told to
//   stubborn  the same, but deaf to being told
//   crash     abort()
//   memory    std::bad_alloc
//   refuse    Error(invalid_input, "the song is refused", "invalid_audio")
class SimulatedSeparator final : public separation::Separator {
public:
    SimulatedSeparator(std::string behaviour, std::filesystem::path gate)
        : behaviour_(std::move(behaviour)), gate_(std::move(gate)) {}

    const separation::SeparatorInfo& info() const override { return info_; }

    std::unique_ptr<separation::SeparationStream> open(std::stop_token stop) const override {
        return std::make_unique<Stream>(*this, std::move(stop));
    }

private:
    class Stream final : public separation::SeparationStream {
    public:
        Stream(const SimulatedSeparator& owner, std::stop_token stop)
            : owner_(owner), stop_(std::move(stop)) {}

        void push(const audio::Block& mixture, const separation::StemSink& sink) override {
            behave();
            frames_done_ += mixture.frames;
            sink({mixture, mixture});
        }
        void finish(const separation::StemSink&) override {}
        double frames_done() const override { return static_cast<double>(frames_done_); }

    private:
        void behave() const {
            const std::string& behaviour = owner_.behaviour_;
            if (behaviour == "crash") std::abort();
            if (behaviour == "memory") throw std::bad_alloc();
            if (behaviour == "refuse")
                throw Error(ErrorCode::invalid_input, "the song is refused", "invalid_audio");
            if (behaviour != "gate" && behaviour != "stubborn") return;
            while (!std::filesystem::exists(owner_.gate_)) {
                if (behaviour == "gate" && stop_.stop_requested())
                    throw Error(ErrorCode::cancelled, "the separation was cancelled");
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }

        const SimulatedSeparator& owner_;
        std::stop_token stop_;
        std::atomic<int64_t> frames_done_ = 0;
    };

    std::string behaviour_;
    std::filesystem::path gate_;
    separation::SeparatorInfo info_{.instruments = {"vocals", "other"}, .sample_rate = 44100, .channels = 2};
};

}  // namespace msst::testing
