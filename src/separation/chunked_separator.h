#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "separation/chunk_model.h"

// A song through a network that takes chunks: cut, run, overlap-add. This is
// MSST's `demix` (its utils/model_utils.py), chunk borders, windows, batches and
// short songs included, but streaming: what it keeps is one batch of chunks,
// whatever the length of the song.

namespace msst::separation {

struct ChunkRules {
    enum class Mode {
        generic,  // reflect padding at both ends, windows that fade over a tenth of a chunk
        demucs,   // no padding, no window: plain mean of what overlaps; short chunks are filled with zeros
    };
    enum class Edges {
        // As MSST: one window for a whole batch. In the batch that holds the song's last chunk *no* chunk
        // fades out, and the song's first chunk fades in unless it is a batch of its own.
        msst,
        // Each chunk by itself: only the first does not fade in, only the last does not fade out.
        per_chunk,
    };

    Mode mode = Mode::generic;
    Edges edges = Edges::msst;
    int num_overlap = 2;  // chunk starts are chunk_frames / num_overlap apart
    int batch_size = 1;
};

// "msst" or "per_chunk"; throws Error(invalid_input) for anything else.
ChunkRules::Edges parse_chunk_edges(std::string_view text);

// Throws Error(invalid_input) if num_overlap or batch_size is below 1, or num_overlap above chunk_frames.
void check_rules(const ChunkRules& rules, int64_t chunk_frames);

class ChunkedSeparator final : public Separator {
public:
    // Throws as check_rules.
    ChunkedSeparator(std::shared_ptr<const ChunkModel> model, ChunkRules rules);

    const SeparatorInfo& info() const override { return model_->info(); }
    std::unique_ptr<SeparationStream> open(std::stop_token stop) const override;

private:
    std::shared_ptr<const ChunkModel> model_;
    ChunkRules rules_;
};

}  // namespace msst::separation
