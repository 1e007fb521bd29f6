#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "audio/writer.h"
#include "separation/separator.h"
#include "separation/song.h"

namespace msst::separation {

// The output files of one song, and the choice of what goes into them: the
// wanted stems as they are, and `instrumental`, which is what remains of the
// mixture without the vocals (or without the first stem, if no stem is called vocals).
//
// All or nothing: unless finish() returns, no file is left.
class StemWriters {
public:
    // Throws Error(invalid_input, …, "invalid_instruments") for a name that the separator does not have.
    // expected_frames: of each file, as far as it is known; decides between WAV and RF64 at the start.
    StemWriters(const SeparatorInfo& info, const SongRequest& request, int64_t expected_frames);
    ~StemWriters();

    // Which stems write() reads, [instruments of the separator].
    std::vector<bool> needed() const;

    // The folder of the first output.
    std::filesystem::path folder() const { return outputs_.front().path.parent_path(); }

    // mixture: the same frames as the stems. They are written later, and errors of that come with a later
    // call or with finish().
    void write(StemBlocks stems, audio::Block mixture);

    // Closes every file and gives it its name.
    std::vector<WrittenStem> finish();

    // NaN and infinity that the model gave out and that became silence. Known after finish().
    int64_t nonfinite_samples() const { return nonfinite_samples_; }

private:
    struct Choice {
        std::string name;
        size_t stem = 0;            // index into StemBlocks
        bool is_remainder = false;  // the mixture minus that stem
    };
    struct Piece {
        StemBlocks stems;
        audio::Block mixture;
    };
    struct Output {
        Choice choice;
        std::filesystem::path path;
        std::unique_ptr<audio::Writer> writer;
    };

    void write_gathered();
    void write_now(const StemBlocks& stems, const audio::Block& mixture);
    void add_output(Choice choice, const std::filesystem::path& path);
    void add_finished(const Output& output, const audio::WrittenFile& file);

    size_t instruments_;  // of the separator
    audio::WriterOptions options_;
    std::vector<Output> outputs_;
    std::vector<WrittenStem> finished_;
    int64_t nonfinite_samples_ = 0;
    bool is_complete_ = false;
    std::vector<Piece> gathered_;
    int64_t gathered_frames_ = 0;
    std::future<void> writing_;  // the last: what it writes to must outlive it
};

}  // namespace msst::separation
