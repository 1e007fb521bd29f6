#include "device/simulated_device.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "base/error.h"

namespace msst::device {
namespace {

using separation::SeparationStream;
using separation::Separator;
using separation::SeparatorInfo;
using separation::StemBlocks;
using separation::StemSink;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{20};

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "the separation was cancelled");
}

class Stream final : public SeparationStream {
public:
    Stream(SimulatedSpec spec, const SeparatorInfo& info, std::stop_token stop)
        : spec_(std::move(spec)), info_(info), stop_(std::move(stop)) {}

    void push(const audio::Block& mixture, const StemSink& sink) override {
        throw_if_stopped(stop_);
        suffer();
        take_time(mixture.frames);
        audio::Block share = mixture;
        for (float& sample : share.samples) sample /= static_cast<float>(info_.instruments.size());
        sink(StemBlocks(info_.instruments.size(), share));
        frames_done_ += mixture.frames;
    }
    void finish(const StemSink&) override {}
    double frames_done() const override { return static_cast<double>(frames_done_); }

private:
    bool is_faulty() const {
        std::error_code ignored;
        return spec_.fault != Fault::none &&
               (spec_.fault_while.empty() || std::filesystem::exists(spec_.fault_while, ignored));
    }

    void suffer() const {
        if (!is_faulty()) return;
        if (spec_.fault == Fault::crash) std::abort();
        if (spec_.fault == Fault::error)
            throw Error(ErrorCode::unavailable, "the simulated device " + spec_.name + " failed");
        while (is_faulty()) {
            if (spec_.fault == Fault::hold) throw_if_stopped(stop_);
            std::this_thread::sleep_for(kLook);
        }
    }

    void take_time(int64_t frames) const {
        if (spec_.speed <= 0) return;
        const std::chrono::duration<double> length(static_cast<double>(frames) / info_.sample_rate /
                                                   spec_.speed);
        const auto end = Steady::now() + std::chrono::duration_cast<Steady::duration>(length);
        while (Steady::now() < end) {
            throw_if_stopped(stop_);
            std::this_thread::sleep_until(std::min(end, Steady::now() + kLook));
        }
    }

    SimulatedSpec spec_;
    const SeparatorInfo& info_;
    std::stop_token stop_;
    std::atomic<int64_t> frames_done_ = 0;
};

class SimulatedSeparator final : public Separator {
public:
    SimulatedSeparator(SimulatedSpec spec, SeparatorInfo info)
        : spec_(std::move(spec)), info_(std::move(info)) {}

    const SeparatorInfo& info() const override { return info_; }
    std::unique_ptr<SeparationStream> open(std::stop_token stop) const override {
        return std::make_unique<Stream>(spec_, info_, std::move(stop));
    }

private:
    SimulatedSpec spec_;
    SeparatorInfo info_;
};

}  // namespace

std::shared_ptr<const Separator> SimulatedDevice::make_separator(SeparatorInfo info) const {
    return std::make_shared<SimulatedSeparator>(spec_, std::move(info));
}

}  // namespace msst::device
