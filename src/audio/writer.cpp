#include "audio/writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "audio/sndfile_output.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"

namespace msst::audio {

namespace {

// So many frames are converted at a time.
constexpr int64_t kSliceFrames = 4096;

int bits_of(PcmType type) {
    switch (type) {
        case PcmType::pcm_16:
            return 16;
        case PcmType::pcm_24:
            return 24;
        case PcmType::float_32:
            return 32;
    }
    return 0;
}

int sndfile_subtype(PcmType type) {
    switch (type) {
        case PcmType::pcm_16:
            return SF_FORMAT_PCM_16;
        case PcmType::pcm_24:
            return SF_FORMAT_PCM_24;
        case PcmType::float_32:
            return SF_FORMAT_FLOAT;
    }
    return 0;
}

int sndfile_container(const WriterOptions& options) {
    if (options.format == OutputFormat::flac) return SF_FORMAT_FLAC;
    return choose_wav_kind(options) == WavKind::riff ? SF_FORMAT_WAV : SF_FORMAT_RF64;
}

// The nearest step of 2^-(bits-1), saturated, in the top bits of 32.
int32_t quantised(float sample, int bits) {
    const auto scale = static_cast<double>(int64_t{1} << (bits - 1));
    const double step = std::clamp(std::nearbyint(sample * scale), -scale, scale - 1);
    return static_cast<int32_t>(step) * (1 << (32 - bits));
}

struct Fingerprint {
    int64_t size_bytes = 0;
    std::string sha256;
};

// Of the bytes on disk. They are read once more because the header at their front is known last.
Fingerprint fingerprint_of(const std::filesystem::path& file) {
    const UniqueFd fd = open_file(file, O_RDONLY);
    Sha256 sha256;
    Fingerprint result;
    std::vector<char> buffer(1 << 18);
    while (true) {
        const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("cannot read", file);
        if (count == 0) break;
        sha256.add(std::string_view(buffer.data(), count));
        result.size_bytes += count;
    }
    result.sha256 = std::move(sha256).finish();
    return result;
}

std::filesystem::path part_name(const std::filesystem::path& target) {
    return target.string() + ".part";
}

}  // namespace

WavKind choose_wav_kind(const WriterOptions& options) {
    constexpr int64_t kGiB = int64_t{1} << 30;
    constexpr int64_t kHeaderRoom = 4096;
    const int64_t frame_bytes = options.channels * bits_of(options.pcm_type) / 8;
    if (options.expected_frames <= 0) return WavKind::decide;
    if (options.expected_frames >= (4 * kGiB - kHeaderRoom) / frame_bytes) return WavKind::rf64;
    // An expectation may be an estimate: only half of what RIFF can hold counts as surely short.
    return options.expected_frames <= 2 * kGiB / frame_bytes ? WavKind::riff : WavKind::decide;
}

void check_output(OutputFormat format, PcmType pcm_type) {
    if (format == OutputFormat::flac && pcm_type == PcmType::float_32)
        throw Error(ErrorCode::invalid_input,
                    "FLAC holds integers only: pcm_type must be PCM_16 or PCM_24, not FLOAT",
                    "unsupported_output");
}

class Writer::File {
public:
    File(const std::filesystem::path& target, const WriterOptions& options)
        : options_(options), target_(std::filesystem::absolute(target)), part_{part_name(target_)} {
        SF_INFO info{};
        info.samplerate = options.sample_rate;
        info.channels = options.channels;
        info.format = sndfile_container(options) | sndfile_subtype(options.pcm_type);
        output_ = std::make_unique<SndfileOutput>(part_.path, info);
        const bool is_rf64 = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_RF64;
        is_riff_ = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_WAV;
        if (is_rf64 && choose_wav_kind(options) == WavKind::decide) output_->allow_downgrade_to_riff();
    }

    void write(const Block& block) {
        check(output_ != nullptr, "writer: used after finish()");
        check(block.channels == options_.channels, "writer: a block has the wrong number of channels");
        expect_room(block.frames);
        for (int64_t begin = 0; begin < block.frames; begin += kSliceFrames)
            write_slice(block, begin, std::min(kSliceFrames, block.frames - begin));
        facts_.frames += block.frames;
    }

    WrittenFile finish() {
        check(output_ != nullptr, "writer: used after finish()");
        output_->close();
        output_.reset();
        const Fingerprint fingerprint = fingerprint_of(part_.path);
        rename_durably(part_.path, target_);
        part_.path.clear();
        facts_.size_bytes = fingerprint.size_bytes;
        facts_.sha256 = fingerprint.sha256;
        const int64_t samples = facts_.frames * options_.channels;
        facts_.rms = samples > 0 ? std::sqrt(sum_of_squares_ / static_cast<double>(samples)) : 0;
        return facts_;
    }

private:
    // Removes the unfinished file, if it is still there under that name.
    struct PartFile {
        std::filesystem::path path;
        ~PartFile() { ::unlink(path.c_str()); }
    };

    void expect_room(int64_t more_frames) const {
        const int64_t frame_bytes = options_.channels * bits_of(options_.pcm_type) / 8;
        constexpr int64_t kRiffBytes = (int64_t{1} << 32) - 4096;
        if (is_riff_ && (facts_.frames + more_frames) * frame_bytes > kRiffBytes)
            throw Error(ErrorCode::internal, "writer: " + std::to_string(facts_.frames + more_frames) +
                                                 " frames do not fit in WAV; " +
                                                 std::to_string(options_.expected_frames) + " were expected");
    }

    void write_slice(const Block& block, int64_t begin, int64_t frames) {
        floats_.resize(frames * block.channels);
        for (int c = 0; c < block.channels; ++c)
            for (int64_t i = 0; i < frames; ++i)
                floats_[i * block.channels + c] = measured(block.channel(c)[begin + i]);
        if (options_.pcm_type == PcmType::float_32) return output_->write(floats_.data(), frames);

        const int bits = bits_of(options_.pcm_type);
        integers_.resize(floats_.size());
        std::ranges::transform(floats_, integers_.begin(), [&](float x) { return quantised(x, bits); });
        output_->write(integers_.data(), frames);
    }

    // The sample as it may be written, counted.
    float measured(float sample) {
        if (!std::isfinite(sample)) {
            ++facts_.nonfinite_samples;
            return 0;
        }
        const double level = std::abs(static_cast<double>(sample));
        facts_.peak = std::max(facts_.peak, level);
        sum_of_squares_ += level * level;
        if (level > 1 && options_.pcm_type != PcmType::float_32) ++facts_.clipped_samples;
        return sample;
    }

    WriterOptions options_;
    std::filesystem::path target_;
    PartFile part_;
    std::unique_ptr<SndfileOutput> output_;  // none after finish()
    bool is_riff_ = false;
    WrittenFile facts_;
    double sum_of_squares_ = 0;
    std::vector<float> floats_;      // [frames, channels]
    std::vector<int32_t> integers_;  // [frames, channels]
};

Writer::Writer(const std::filesystem::path& target, const WriterOptions& options) {
    check_output(options.format, options.pcm_type);
    check(options.channels > 0 && options.sample_rate > 0, "writer: channels and rate must be positive");
    file_ = std::make_unique<File>(target, options);
}

Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

void Writer::write(const Block& block) {
    file_->write(block);
}

WrittenFile Writer::finish() {
    return file_->finish();
}

}  // namespace msst::audio
