#include "separation/augmented_stream.h"

#include <algorithm>
#include <utility>

namespace msst::separation {

AugmentedStream::AugmentedStream(const Separator& separator, const std::stop_token& stop) {
    const SeparatorInfo& info = separator.info();
    for (const Change change : {Change::none, Change::reverse_channels, Change::invert_polarity})
        passes_.push_back({change, separator.open(stop),
                           std::vector<FrameQueue>(info.instruments.size(), FrameQueue(info.channels))});
}

// Each change is its own inverse.
audio::Block AugmentedStream::apply(Change change, audio::Block block) {
    switch (change) {
        case Change::none:
            break;
        case Change::reverse_channels:
            for (int c = 0; c < block.channels / 2; ++c)
                std::ranges::swap_ranges(block.channel(c), block.channel(block.channels - 1 - c));
            break;
        case Change::invert_polarity:
            for (float& sample : block.samples) sample = -sample;
            break;
    }
    return block;
}

StemSink AugmentedStream::collector(Pass& pass) {
    return [&pass](StemBlocks blocks) {
        for (size_t s = 0; s < blocks.size(); ++s)
            pass.stems[s].push(apply(pass.change, std::move(blocks[s])));
    };
}

void AugmentedStream::want_only(const std::vector<bool>& wanted) {
    for (Pass& pass : passes_) pass.stream->want_only(wanted);
}

void AugmentedStream::expect_frames(int64_t frames) {
    for (Pass& pass : passes_) pass.stream->expect_frames(frames);
}

void AugmentedStream::push(const audio::Block& mixture, const StemSink& sink) {
    for (Pass& pass : passes_) pass.stream->push(apply(pass.change, mixture), collector(pass));
    emit_common(sink);
}

void AugmentedStream::finish(const StemSink& sink) {
    for (Pass& pass : passes_) pass.stream->finish(collector(pass));
    emit_common(sink);
}

// Gives out what every pass has finished.
void AugmentedStream::emit_common(const StemSink& sink) {
    const auto ready = [](const Pass& pass) { return pass.stems.front().frames(); };
    const int64_t frames = ready(*std::ranges::min_element(passes_, {}, ready));
    if (frames == 0) return;
    StemBlocks means;
    for (size_t s = 0; s < passes_.front().stems.size(); ++s) {
        audio::Block mean = passes_.front().stems[s].pop(frames);
        for (size_t p = 1; p < passes_.size(); ++p) {
            const audio::Block other = passes_[p].stems[s].pop(frames);
            for (size_t i = 0; i < mean.samples.size(); ++i) mean.samples[i] += other.samples[i];
        }
        for (float& sample : mean.samples) sample /= static_cast<float>(passes_.size());
        means.push_back(std::move(mean));
    }
    sink(std::move(means));
}

double AugmentedStream::frames_done() const {
    double sum = 0;
    for (const Pass& pass : passes_) sum += pass.stream->frames_done();
    return sum / static_cast<double>(passes_.size());
}

}  // namespace msst::separation
