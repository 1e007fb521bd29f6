#include "separation/stem_writers.h"

#include <algorithm>
#include <exception>
#include <future>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace msst::separation {
namespace {

constexpr const char* kRemainder = "instrumental";
constexpr int64_t kFramesAtOnce =
    32768;  // a thread for each of a model's blocks would cost more than it saves

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

audio::Block difference(const audio::Block& mixture, const audio::Block& stem) {
    audio::Block rest = mixture;
    for (size_t i = 0; i < rest.samples.size(); ++i) rest.samples[i] -= stem.samples[i];
    return rest;
}

size_t vocals_or_first(const std::vector<std::string>& instruments) {
    const auto vocals = std::ranges::find(instruments, "vocals");
    return vocals == instruments.end() ? 0 : static_cast<size_t>(vocals - instruments.begin());
}

}  // namespace

StemWriters::StemWriters(const SeparatorInfo& info, const SongRequest& request, int64_t expected_frames)
    : instruments_(info.instruments.size()),
      options_{.format = request.output_format,
               .pcm_type = request.pcm_type,
               .sample_rate = info.sample_rate,
               .channels = info.channels,
               .expected_frames = expected_frames} {
    for (const std::string& name : request.instruments) {
        const auto stem = std::ranges::find(info.instruments, name);
        if (stem == info.instruments.end())
            throw Error(ErrorCode::invalid_input,
                        "the model has no instrument \"" + name + "\"; it has " + joined(info.instruments),
                        "invalid_instruments");
        // MSST's remainder takes the place of a stem of the same name.
        if (request.extract_instrumental && name == kRemainder) continue;
        const auto index = static_cast<size_t>(stem - info.instruments.begin());
        add_output({name, index}, request.output_path(name));
    }
    if (request.extract_instrumental)
        add_output({kRemainder, vocals_or_first(info.instruments), /*is_remainder=*/true},
                   request.output_path(kRemainder));
}

StemWriters::~StemWriters() {
    if (writing_.valid()) writing_.wait();
    if (is_complete_) return;
    std::error_code ignored;
    for (const WrittenStem& stem : finished_) std::filesystem::remove(stem.path, ignored);
}

void StemWriters::add_output(Choice choice, const std::filesystem::path& path) {
    outputs_.push_back({std::move(choice), path, std::make_unique<audio::Writer>(path, options_)});
}

std::vector<bool> StemWriters::needed() const {
    std::vector<bool> needed(instruments_);
    for (const Output& output : outputs_) needed[output.choice.stem] = true;
    return needed;
}

void StemWriters::write(StemBlocks stems, audio::Block mixture) {
    gathered_frames_ += mixture.frames;
    gathered_.push_back({std::move(stems), std::move(mixture)});
    if (gathered_frames_ >= kFramesAtOnce) write_gathered();
}

// On a thread of its own, beside the model's next work.
void StemWriters::write_gathered() {
    if (writing_.valid()) writing_.get();
    gathered_frames_ = 0;
    writing_ = std::async(std::launch::async, [this, pieces = std::exchange(gathered_, {})] {
        for (const Piece& piece : pieces) write_now(piece.stems, piece.mixture);
    });
}

void StemWriters::write_now(const StemBlocks& stems, const audio::Block& mixture) {
    for (Output& output : outputs_) {
        const audio::Block& stem = stems[output.choice.stem];
        if (output.choice.is_remainder)
            output.writer->write(difference(mixture, stem));
        else
            output.writer->write(stem);
    }
}

// Hashing and syncing a file takes as long as much of what came before: all files at once, each on a thread
// of its own.
std::vector<WrittenStem> StemWriters::finish() {
    write_gathered();
    writing_.get();
    std::vector<std::future<audio::WrittenFile>> files;
    files.reserve(outputs_.size());
    for (Output& output : outputs_)
        files.push_back(std::async([&output] { return output.writer->finish(); }));
    std::exception_ptr failure;
    for (size_t i = 0; i < files.size(); ++i) try {
            add_finished(outputs_[i], files[i].get());
        } catch (...) {
            if (!failure) failure = std::current_exception();
        }
    if (failure) std::rethrow_exception(failure);
    is_complete_ = true;
    return finished_;
}

void StemWriters::add_finished(const Output& output, const audio::WrittenFile& file) {
    nonfinite_samples_ += file.nonfinite_samples;
    finished_.push_back({.name = output.choice.name,
                         .path = output.path,
                         .size_bytes = file.size_bytes,
                         .frames = file.frames,
                         .sample_rate = options_.sample_rate,
                         .channels = options_.channels,
                         .sha256 = file.sha256,
                         .peak = file.peak,
                         .rms = file.rms,
                         .clipped_samples = file.clipped_samples});
}

}  // namespace msst::separation
