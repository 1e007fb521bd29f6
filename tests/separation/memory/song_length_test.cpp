// A long song needs no more memory than a short one. Counted are the bytes alive between new and delete, so
// that the result does not depend on the machine.

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>
#include <malloc.h>

#include "audio/writer.h"
#include "backend/open.h"
#include "separation/augmented_stream.h"
#include "separation/chunked_separator.h"
#include "separation/network_model.h"
#include "separation/song.h"
#include "support/temp_folder.h"

namespace {

std::atomic<int64_t> alive_bytes = 0;
std::atomic<int64_t> peak_bytes = 0;

void* counted(void* memory) {
    if (!memory) throw std::bad_alloc();
    const int64_t now = alive_bytes += static_cast<int64_t>(malloc_usable_size(memory));
    int64_t peak = peak_bytes;
    while (now > peak && !peak_bytes.compare_exchange_weak(peak, now)) {
    }
    return memory;
}

void release(void* memory) noexcept {
    if (memory) alive_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
    std::free(memory);
}

}  // namespace

void* operator new(size_t size) {
    return counted(std::malloc(size));
}
void* operator new[](size_t size) {
    return counted(std::malloc(size));
}
void* operator new(size_t size, std::align_val_t alignment) {
    const auto align = static_cast<size_t>(alignment);
    return counted(std::aligned_alloc(align, (size + align - 1) / align * align));
}
void* operator new[](size_t size, std::align_val_t alignment) {
    return operator new(size, alignment);
}
void operator delete(void* memory) noexcept {
    release(memory);
}
void operator delete[](void* memory) noexcept {
    release(memory);
}
void operator delete(void* memory, size_t) noexcept {
    release(memory);
}
void operator delete[](void* memory, size_t) noexcept {
    release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    release(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    release(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
    release(memory);
}

namespace msst::separation {
namespace {

constexpr int kSampleRate = 8000;
constexpr int64_t kMinute = 60 * kSampleRate;
constexpr int64_t kAllowedGrowth = 200'000;  // bytes; an hour of one channel is 115 million

// Two stems, each the sum of the mixture with itself: a network in all but size.
std::shared_ptr<const Separator> make_separator() {
    constexpr int64_t kChunk = 16'000;
    static const auto backend =
        backend::open_backend("cpu", {.precision = "float32", .cpu_threads = 1}).backend;
    graph::Graph graph;
    const graph::TensorId song = graph.add_input({1, kChunk});
    for (int stem = 0; stem < 2; ++stem) graph.add_output(graph.add(graph::Add{}, {song, song}));
    const SeparatorInfo info{.instruments = {"vocals", "other"}, .sample_rate = kSampleRate, .channels = 1};
    auto model = std::make_shared<NetworkModel>(info, kChunk, /*network_stems=*/2,
                                                backend->compile(graph, backend->plan(graph)),
                                                /*graph_outputs=*/2);
    return std::make_shared<ChunkedSeparator>(std::move(model),
                                              ChunkRules{.num_overlap = 2, .batch_size = 2});
}

// The most bytes that were alive at once during `work`, beyond those before it.
template <class Work>
int64_t peak_of(Work work) {
    const int64_t before = alive_bytes;
    peak_bytes = before;
    work();
    return peak_bytes - before;
}

int64_t peak_of_stream(SeparationStream& stream, int64_t frames) {
    return peak_of([&] {
        const audio::Block block(/*channel_count=*/1, /*frame_count=*/kSampleRate);
        int64_t received = 0;
        const StemSink sink = [&](const StemBlocks& stems) { received += stems.front().frames; };
        for (int64_t at = 0; at < frames; at += block.frames) stream.push(block, sink);
        stream.finish(sink);
        EXPECT_EQ(received, frames);
    });
}

int64_t peak_of_song(const Separator& separator, int64_t minutes, const SongRequest& request) {
    {
        audio::Writer writer(request.input, {.sample_rate = kSampleRate, .channels = 1});
        for (int64_t minute = 0; minute < minutes; ++minute) writer.write(audio::Block(1, kMinute));
        writer.finish();
    }
    return peak_of([&] { separate_song(separator, request, {}); });
}

TEST(SongLength, AnHourThroughTheChunkLoopNeedsNoMoreMemoryThanAMinute) {
    const auto separator = make_separator();
    const int64_t short_peak = peak_of_stream(*separator->open({}), kMinute);
    const int64_t long_peak = peak_of_stream(*separator->open({}), 60 * kMinute);

    RecordProperty("minute_bytes", std::to_string(short_peak));
    RecordProperty("hour_bytes", std::to_string(long_peak));
    EXPECT_LT(long_peak, short_peak + kAllowedGrowth);
}

TEST(SongLength, NorDoesItWithTestTimeAugmentation) {
    const auto separator = make_separator();
    AugmentedStream short_song(*separator, {});
    AugmentedStream long_song(*separator, {});
    const int64_t short_peak = peak_of_stream(short_song, kMinute);
    const int64_t long_peak = peak_of_stream(long_song, 20 * kMinute);

    EXPECT_LT(long_peak, short_peak + kAllowedGrowth);
}

TEST(SongLength, NorDoesAFileWithCircularShiftsAndWhatRemains) {
    const testing::TempFolder folder;
    const auto separator = make_separator();
    const SongRequest request{
        .input = folder / "song.wav",
        .instruments = {"vocals", "other"},
        .bigshifts = 3,
        .extract_instrumental = true,
        .output_path = [&](const std::string& stem) { return folder / (stem + ".wav"); },
        .on_progress = {}};
    const int64_t short_peak = peak_of_song(*separator, 1, request);
    const int64_t long_peak = peak_of_song(*separator, 15, request);

    RecordProperty("minute_bytes", std::to_string(short_peak));
    RecordProperty("quarter_bytes", std::to_string(long_peak));
    EXPECT_LT(long_peak, short_peak + kAllowedGrowth);
}

}  // namespace
}  // namespace msst::separation
