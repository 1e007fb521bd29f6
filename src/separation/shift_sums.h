#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "separation/scratch_file.h"
#include "separation/separator.h"

namespace msst::separation {

// Stems of a song, summed over passes that began at other places of it (MSST's `bigshifts`). The sums lie in
// a file, 4 bytes per sample, so that memory does not depend on the length of the song.
class ShiftSums {
public:
    // wanted: [instruments]; the others are neither kept nor changed. folder: where the file may lie.
    ShiftSums(const std::vector<bool>& wanted, int channels, int64_t song_frames,
              const std::filesystem::path& folder);

    // Adds stems whose first frame is frame `position` of the song. Behind the song's end comes its start.
    void add(int64_t position, const StemBlocks& stems);

    // Adds the sums of the same frames to `stems`.
    void add_to(StemBlocks& stems, int64_t position);

private:
    template <class Visit>
    void visit(int64_t position, int64_t frames, Visit visit);

    std::vector<size_t> stems_;  // that are kept
    int channels_;
    int64_t song_frames_;
    ScratchFile file_;           // [song_frames, stems, channels]
    std::vector<float> buffer_;  // some frames of it
};

}  // namespace msst::separation
