#include "separation/shift_sums.h"

#include <algorithm>

#include "base/error.h"

namespace msst::separation {
namespace {

constexpr int64_t kPieceFrames = 8192;

std::vector<size_t> indices_of(const std::vector<bool>& wanted) {
    std::vector<size_t> indices;
    for (size_t i = 0; i < wanted.size(); ++i)
        if (wanted[i]) indices.push_back(i);
    return indices;
}

}  // namespace

ShiftSums::ShiftSums(const std::vector<bool>& wanted, int channels, int64_t song_frames,
                     const std::filesystem::path& folder)
    : stems_(indices_of(wanted)),
      channels_(channels),
      song_frames_(song_frames),
      file_(folder, song_frames * std::ssize(stems_) * channels * static_cast<int64_t>(sizeof(float))) {}

// Calls visit(frame of the range, stem, channel, its sum) for all sums of a range, piece by piece of the
// file. What visit returns is kept.
template <class Visit>
void ShiftSums::visit(int64_t position, int64_t frames, Visit visit) {
    const int64_t row = std::ssize(stems_) * channels_;
    check(song_frames_ > 0, "sums of a song without frames");
    for (int64_t done = 0; done < frames;) {
        const int64_t at = (position + done) % song_frames_;
        const int64_t count = std::min({frames - done, song_frames_ - at, kPieceFrames});
        const int64_t offset = at * row * static_cast<int64_t>(sizeof(float));
        buffer_.resize(count * row);
        file_.read(offset, std::as_writable_bytes(std::span(buffer_)));
        float* sum = buffer_.data();
        for (int64_t i = 0; i < count; ++i)
            for (const size_t stem : stems_)
                for (int c = 0; c < channels_; ++c, ++sum) *sum = visit(done + i, stem, c, *sum);
        file_.write(offset, std::as_bytes(std::span(buffer_)));
        done += count;
    }
}

void ShiftSums::add(int64_t position, const StemBlocks& stems) {
    visit(position, stems.front().frames, [&](int64_t frame, size_t stem, int channel, float sum) {
        return sum + stems[stem].channel(channel)[frame];
    });
}

void ShiftSums::add_to(StemBlocks& stems, int64_t position) {
    visit(position, stems.front().frames, [&](int64_t frame, size_t stem, int channel, float sum) {
        stems[stem].channel(channel)[frame] += sum;
        return sum;
    });
}

}  // namespace msst::separation
