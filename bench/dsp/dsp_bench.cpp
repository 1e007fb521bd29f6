#include <cstdint>
#include <random>

#include <benchmark/benchmark.h>

#include "dsp/dsp_separator.h"
#include "dsp/median_filter.h"
#include "dsp/stft.h"

// x_real_time: seconds of music separated in a second of one core.

namespace msst::dsp {
namespace {

audio::Block noise(int64_t frames) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> sample(-1, 1);
    audio::Block block(2, frames);
    for (float& x : block.samples) x = sample(random);
    return block;
}

void separate_ten_seconds(benchmark::State& state) {
    const audio::Block block = noise(8192);
    const auto separator = make_dsp_separator();
    const auto sink = [](const separation::StemBlocks& stems) { benchmark::DoNotOptimize(stems.data()); };
    int64_t frames = 0;
    for (auto _ : state) {
        const auto stream = separator->open({});
        for (int64_t done = 0; done < 441'000; done += block.frames, frames += block.frames)
            stream->push(block, sink);
        stream->finish(sink);
    }
    state.counters["x_real_time"] =
        benchmark::Counter(static_cast<double>(frames) / 44'100, benchmark::Counter::kIsRate);
}
BENCHMARK(separate_ten_seconds)->Unit(benchmark::kMillisecond);

void median_of_a_frame(benchmark::State& state) {
    const auto length = static_cast<int>(state.range(0));
    const MedianFilter filter(length);
    const audio::Block rows = noise(kBins * length);
    std::vector<const float*> pointers;
    for (int r = 0; r < length; ++r) pointers.push_back(rows.samples.data() + r * kBins);
    std::vector<float> out(kBins);
    for (auto _ : state) {
        filter.apply(pointers, out);
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(median_of_a_frame)->Arg(17)->Arg(31)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace msst::dsp
