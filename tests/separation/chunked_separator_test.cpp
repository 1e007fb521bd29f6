#include "separation/chunked_separator.h"

#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "separation/frame_queue.h"

namespace msst::separation {
namespace {

constexpr int kChannels = 2;
constexpr int kStems = 2;

// A "network" whose result depends on where in the chunk a sample lies and on
// its neighbours, so that any mistake in cutting, padding or weighting shows.
class PositionModel final : public ChunkModel {
public:
    explicit PositionModel(int64_t chunk) : chunk_(chunk) {}

    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return chunk_; }

    static float stem(int s, int64_t i, float before, float now, float after) {
        return (1.0f + static_cast<float>(s)) * now + 0.5f * before * after + 0.01f * static_cast<float>(i);
    }

    void separate(std::span<const float> mixtures, int batch, std::span<float> stems,
                  const ChunkRun& run) const override {
        for (int b = 0; b < batch; ++b)
            for (int s = 0; s < kStems; ++s)
                for (int c = 0; c < kChannels; ++c) {
                    const float* in = mixtures.data() + (b * kChannels + c) * chunk_;
                    float* out = stems.data() + ((b * kStems + s) * kChannels + c) * chunk_;
                    for (int64_t i = 0; i < chunk_; ++i)
                        out[i] = stem(s, i, i > 0 ? in[i - 1] : 0, in[i], i + 1 < chunk_ ? in[i + 1] : 0);
                }
        run.on_progress(1);
    }

private:
    SeparatorInfo info_{.instruments = {"vocals", "other"}, .sample_rate = 44100, .channels = kChannels};
    int64_t chunk_;
};

std::vector<float> random_song(int64_t frames) {
    std::mt19937 random(static_cast<unsigned>(frames));
    std::uniform_real_distribution<float> sample(-1, 1);
    std::vector<float> song(frames);
    for (float& x : song) x = sample(random);
    return song;
}

// The loop of MSST's `demix` on whole arrays, one channel and one stem, in the order of its statements.
std::vector<double> demix_whole(const std::vector<float>& song, int s, int64_t chunk,
                                const ChunkRules& rules) {
    const bool demucs = rules.mode == ChunkRules::Mode::demucs;
    const auto length = static_cast<int64_t>(song.size());
    const int64_t step = chunk / rules.num_overlap;
    const int64_t border = demucs ? 0 : chunk - step;
    const bool padded = length > 2 * border && border > 0;
    std::vector<float> mix;
    if (padded)
        for (int64_t i = border; i > 0; --i) mix.push_back(song[i]);
    mix.insert(mix.end(), song.begin(), song.end());
    if (padded)
        for (int64_t i = 0; i < border; ++i) mix.push_back(song[length - 2 - i]);

    const auto total = static_cast<int64_t>(mix.size());
    std::vector<double> result(total), counter(total);
    std::vector<std::pair<int64_t, std::vector<float>>> batch;
    for (int64_t start = 0; start < total;) {
        const int64_t n = std::min(chunk, total - start);
        std::vector<float> part(mix.begin() + start, mix.begin() + start + n);
        const bool reflects = !demucs && n > chunk / 2;
        for (int64_t i = 0; static_cast<int64_t>(part.size()) < chunk; ++i)
            part.push_back(reflects ? mix[start + n - 2 - i] : 0.0f);
        batch.emplace_back(start, part);
        start += step;
        if (static_cast<int>(batch.size()) < rules.batch_size && start < total) continue;

        for (const auto& [from, in] : batch) {
            const bool msst = rules.edges == ChunkRules::Edges::msst;
            const bool first = msst ? start - step == 0 : from == 0;
            const bool last = msst ? start >= total && !first : from + step >= total;
            const int64_t fade = demucs ? 0 : chunk / 10;
            for (int64_t i = 0; i < chunk && from + i < total; ++i) {
                double weight = 1;
                if (i < fade && !first) weight = fade > 1 ? double(i) / double(fade - 1) : 0;
                if (chunk - 1 - i < fade && !last)
                    weight = fade > 1 ? double(chunk - 1 - i) / double(fade - 1) : 0;
                const float before = i > 0 ? in[i - 1] : 0;
                const float after = i + 1 < chunk ? in[i + 1] : 0;
                result[from + i] += weight * PositionModel::stem(s, i, before, in[i], after);
                counter[from + i] += weight;
            }
        }
        batch.clear();
    }
    std::vector<double> out;
    for (int64_t i = padded ? border : 0; static_cast<int64_t>(out.size()) < length; ++i)
        out.push_back(counter[i] == 0 ? 0 : result[i] / counter[i]);
    return out;
}

struct Separated {
    std::vector<FrameQueue> stems{kStems, FrameQueue(kChannels)};
    double frames_done = 0;
};

Separated separate(const std::vector<float>& song, int64_t chunk, const ChunkRules& rules,
                   int64_t block_frames) {
    const ChunkedSeparator separator(std::make_shared<PositionModel>(chunk), rules);
    const auto stream = separator.open({});
    Separated result;
    const StemSink sink = [&](StemBlocks blocks) {
        for (int s = 0; s < kStems; ++s) result.stems[s].push(blocks[s]);
    };
    for (size_t at = 0; at < song.size(); at += block_frames) {
        const auto frames = std::min<int64_t>(block_frames, song.size() - at);
        audio::Block block(kChannels, frames);
        for (int64_t i = 0; i < frames; ++i) {
            block.channel(0)[i] = song[at + i];
            block.channel(1)[i] = -song[at + i];
        }
        stream->push(block, sink);
    }
    stream->finish(sink);
    result.frames_done = stream->frames_done();
    return result;
}

void expect_as_msst(int64_t frames, int64_t chunk, const ChunkRules& rules, int64_t block_frames) {
    SCOPED_TRACE(::testing::Message()
                 << frames << " frames, chunk " << chunk << ", overlap " << rules.num_overlap << ", batch "
                 << rules.batch_size << ", blocks of " << block_frames);
    const std::vector<float> song = random_song(frames);
    Separated got = separate(song, chunk, rules, block_frames);
    EXPECT_EQ(got.frames_done, static_cast<double>(frames));
    for (int s = 0; s < kStems; ++s) {
        ASSERT_EQ(got.stems[s].frames(), frames);
        const audio::Block block = got.stems[s].pop(frames);
        const std::vector<double> want = demix_whole(song, s, chunk, rules);
        for (int64_t i = 0; i < frames; ++i)
            ASSERT_NEAR(block.channel(0)[i], want[i], 1e-4) << "stem " << s << ", frame " << i;
    }
}

class Demix : public ::testing::TestWithParam<ChunkRules> {};

TEST_P(Demix, GivesWhatMsstGivesForEveryLength) {
    for (const int64_t frames :
         {1, 2, 7, 19, 20, 21, 39, 40, 41, 59, 60, 61, 80, 119, 120, 121, 399, 400, 401})
        for (const int64_t block_frames : {1, 13, 1000}) expect_as_msst(frames, 40, GetParam(), block_frames);
}

TEST_P(Demix, GivesWhatMsstGivesForAChunkThatTheOverlapDoesNotDivide) {
    for (const int64_t frames : {5, 36, 37, 38, 73, 150, 371}) expect_as_msst(frames, 37, GetParam(), 11);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Demix,
    ::testing::Values(ChunkRules{.num_overlap = 1}, ChunkRules{.num_overlap = 2},
                      ChunkRules{.num_overlap = 4}, ChunkRules{.num_overlap = 2, .batch_size = 3},
                      ChunkRules{.num_overlap = 4, .batch_size = 4},
                      ChunkRules{.edges = ChunkRules::Edges::per_chunk, .num_overlap = 2, .batch_size = 2},
                      ChunkRules{.mode = ChunkRules::Mode::demucs, .num_overlap = 4, .batch_size = 2}));

TEST(ChunkedSeparator, WithFadesPerChunkTheBatchSizeDoesNotMatter) {
    const std::vector<float> song = random_song(55);  // too short to be padded
    const auto separated = [&](ChunkRules::Edges edges, int batch) {
        Separated result = separate(song, 40, {.edges = edges, .num_overlap = 4, .batch_size = batch}, 50);
        return result.stems[0].pop(55).samples;
    };

    const auto one = separated(ChunkRules::Edges::per_chunk, 1);
    EXPECT_EQ(separated(ChunkRules::Edges::per_chunk, 3), one);
    EXPECT_EQ(separated(ChunkRules::Edges::per_chunk, 100), one);
    EXPECT_EQ(separated(ChunkRules::Edges::msst, 1), one);
    EXPECT_NE(separated(ChunkRules::Edges::msst, 3), one);
}

TEST(ChunkedSeparator, RefusesAnOverlapThatLeavesNoStep) {
    EXPECT_THROW(ChunkedSeparator(std::make_shared<PositionModel>(8), {.num_overlap = 9}), Error);
    EXPECT_THROW(ChunkedSeparator(std::make_shared<PositionModel>(8), {.num_overlap = 0}), Error);
}

TEST(ChunkedSeparator, StopsWhenItIsAskedTo) {
    std::stop_source stop;
    const ChunkedSeparator separator(std::make_shared<PositionModel>(8), {});
    const auto stream = separator.open(stop.get_token());
    stop.request_stop();
    try {
        stream->push(audio::Block(kChannels, 100), [](const StemBlocks&) {});
        FAIL() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

// Counts its chunks, and asks to stop in the middle of one.
class StoppingModel final : public ChunkModel {
public:
    explicit StoppingModel(int chunks) : chunks_left_(chunks) {}

    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return 8; }
    void separate(std::span<const float>, int, std::span<float>, const ChunkRun&) const override {
        ++runs;
        if (--chunks_left_ == 0) stop.request_stop();
    }

    mutable std::stop_source stop;
    mutable int runs = 0;

private:
    SeparatorInfo info_{.instruments = {"vocals", "other"}, .sample_rate = 44100, .channels = kChannels};
    mutable int chunks_left_;
};

TEST(ChunkedSeparator, StartsNoChunkAfterARequestToStop) {
    const auto model = std::make_shared<StoppingModel>(3);
    const ChunkedSeparator separator(model, {});
    const auto stream = separator.open(model->stop.get_token());

    EXPECT_THROW(stream->push(audio::Block(kChannels, 1000), [](const StemBlocks&) {}), Error);
    EXPECT_EQ(model->runs, 3);
}

// Looks on before each chunk and in the middle of it.
class WatchedModel final : public ChunkModel {
public:
    const SeparatorInfo& info() const override { return info_; }
    int64_t chunk_frames() const override { return 80; }
    void separate(std::span<const float>, int, std::span<float>, const ChunkRun& run) const override {
        look();
        run.on_progress(0.5);
        look();
    }

    std::function<void()> look;

private:
    SeparatorInfo info_{.instruments = {"vocals", "other"}, .sample_rate = 44100, .channels = kChannels};
};

// As much of the work lies behind as is told: MSST's padding makes chunks that no frame of the song is left
// for.
TEST(ChunkedSeparator, TellsWorkAndNotOnlyFrames) {
    for (const int64_t frames : {50, 1000, 1013})
        for (const int num_overlap : {1, 2, 4}) {
            const auto model = std::make_shared<WatchedModel>();
            const ChunkedSeparator separator(model, {.num_overlap = num_overlap});
            const auto stream = separator.open({});
            std::vector<double> told;
            model->look = [&] { told.push_back(stream->frames_done() / static_cast<double>(frames)); };
            stream->expect_frames(frames);
            stream->push(audio::Block(kChannels, frames), [](const StemBlocks&) {});
            stream->finish([](const StemBlocks&) {});
            for (size_t i = 0; i < told.size(); ++i)
                EXPECT_NEAR(told[i], static_cast<double>(i) / static_cast<double>(told.size()), 1e-9)
                    << frames << " frames, overlap " << num_overlap;
        }
}

}  // namespace
}  // namespace msst::separation
