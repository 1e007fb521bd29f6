#include "audio/decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "audio/frame_converter.h"
#include "audio/packet_decoder.h"
#include "audio/timeline.h"
#include "base/error.h"

namespace msst::audio {

namespace {

std::string in_seconds(double seconds) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", seconds < 100 ? 2 : 0, seconds);
    return text.data();
}

std::string counted(int64_t count, const std::string& one, const std::string& many) {
    return count == 1 ? "1 " + one : std::to_string(count) + " " + many;
}

std::string layout_name(const AVChannelLayout& layout) {
    std::array<char, 128> text{};
    const bool is_named = layout.order == AV_CHANNEL_ORDER_NATIVE &&
                          av_channel_layout_describe(&layout, text.data(), text.size()) > 0;
    return is_named ? std::string(" (") + text.data() + ")" : "";
}

FrameHandle make_frame() {
    FrameHandle frame(av_frame_alloc());
    check(frame != nullptr, "decoder: no memory for a frame");
    return frame;
}

}  // namespace

class Decoder::Stream {
public:
    Stream(const std::filesystem::path& file, const DecoderOptions& options);

    bool read(Block& block);
    std::vector<std::string> warnings() const;

    const AudioInfo& info() const { return info_; }
    int channels() const { return channels_; }
    int64_t frames_read() const { return frames_read_; }

private:
    void describe();
    double estimated_seconds() const;
    void open_timeline();
    bool advance();
    void skip_frames_before_zero();
    void place_frame();
    void trim_last_frame();
    void end();
    bool produce(Block& block);
    void deliver(Block& block);
    int64_t to_frames(int64_t clock) const;

    DecoderOptions options_;
    PacketDecoder packets_;
    AudioInfo info_;
    int channels_ = 0;
    std::string layout_;
    std::optional<FrameConverter> converter_;
    std::optional<Timeline>
        timeline_;  // none once the sample rate has changed: positions are no longer comparable

    FrameHandle frame_ = make_frame();  // being read
    FrameHandle ahead_ = make_frame();  // the one after, so that the last is known to be the last
    bool has_frame_ = false;
    bool has_ahead_ = false;
    int64_t frame_used_ = 0;
    int64_t silence_due_ = 0;  // before the frame
    bool is_draining_ = false;
    bool is_ended_ = false;

    int64_t frames_read_ = 0;
    int64_t silence_frames_ = 0;
    int64_t nonfinite_samples_ = 0;
    bool has_changed_ = false;
};

Decoder::Stream::Stream(const std::filesystem::path& file, const DecoderOptions& options)
    : options_(options), packets_(file), info_(packets_.demuxer().info()) {
    check(options.max_channels == 1 || options.max_channels == 2, "decoder: max_channels must be 1 or 2");
    has_ahead_ = packets_.next(*ahead_);
    if (!has_ahead_)
        throw Error(ErrorCode::invalid_input, "no audio could be decoded from the " + info_.format + " file",
                    "invalid_audio");
    describe();
    open_timeline();
    advance();
}

// The first frame knows better than the headers.
void Decoder::Stream::describe() {
    info_.sample_rate = ahead_->sample_rate;
    info_.channels = ahead_->ch_layout.nb_channels;
    layout_ = layout_name(ahead_->ch_layout);
    if (info_.duration_seconds <= 0) info_.duration_seconds = estimated_seconds();
    if (info_.frames) info_.duration_seconds = static_cast<double>(*info_.frames) / info_.sample_rate;
    channels_ = std::min(info_.channels, options_.max_channels);
    converter_.emplace(info_.sample_rate, channels_);
}

// From the size of the packet that gave the first frame.
double Decoder::Stream::estimated_seconds() const {
    const double packets = static_cast<double>(packets_.demuxer().file_bytes()) /
                           static_cast<double>(std::max<int64_t>(1, packets_.packet_bytes()));
    return std::max(1.0, packets) * ahead_->nb_samples / info_.sample_rate;
}

void Decoder::Stream::open_timeline() {
    const AVStream& stream = packets_.demuxer().stream();
    const double length = std::min(info_.duration_seconds * info_.sample_rate, 1e15);
    const auto declared = info_.frames.value_or(static_cast<int64_t>(length));
    constexpr int64_t kSlackFrames = 64;
    const int64_t slack = kSlackFrames + std::max<int64_t>(0, to_frames(2));
    timeline_.emplace(slack, declared);
    const bool lost_its_beginning = packets_.corrupt_packets() > 0;
    if (lost_its_beginning && stream.start_time != AV_NOPTS_VALUE)
        timeline_->set_start(to_frames(stream.start_time));
}

int64_t Decoder::Stream::to_frames(int64_t clock) const {
    return av_rescale_q(clock, packets_.demuxer().stream().time_base, AVRational{1, info_.sample_rate});
}

// Makes the next frame the current one. False at the end.
bool Decoder::Stream::advance() {
    std::swap(frame_, ahead_);
    has_frame_ = std::exchange(has_ahead_, has_ahead_ && packets_.next(*ahead_));
    frame_used_ = 0;
    if (!has_frame_) return false;
    skip_frames_before_zero();
    if (!has_ahead_) trim_last_frame();
    if (frames_read_ > 0 && converter_->is_change(*frame_)) {
        has_changed_ = is_draining_ = true;
        if (frame_->sample_rate != info_.sample_rate) timeline_.reset();
    }
    place_frame();
    return true;
}

// In an OGG file what lies before position 0 is encoder delay (RFC 7845, 4.3; Vorbis I, A.2). FFmpeg takes it
// off at the beginning of the file, but not where another stream begins in a chain.
void Decoder::Stream::skip_frames_before_zero() {
    if (info_.format != "ogg" || frame_->pts == AV_NOPTS_VALUE || frame_->pts >= 0) return;
    const AVRational frame_clock{1, frame_->sample_rate};
    const int64_t before = av_rescale_q(frame_->pts, packets_.demuxer().stream().time_base, frame_clock);
    frame_used_ = std::min<int64_t>(frame_->nb_samples, -std::max<int64_t>(before, INT32_MIN));
    frame_->pts = 0;
}

void Decoder::Stream::place_frame() {
    if (!timeline_) return;
    const auto clock = frame_->pts == AV_NOPTS_VALUE ? std::nullopt : std::optional(to_frames(frame_->pts));
    silence_due_ = timeline_->place(clock, frame_->nb_samples - frame_used_);
}

// An MP4 file says where the song ends, but its last AAC frame is decoded whole. Nothing more than that frame
// is cut: a header that promises less than the file holds must not lose audio.
void Decoder::Stream::trim_last_frame() {
    if (info_.format != "m4a" || !info_.frames || !timeline_) return;
    const int64_t wanted = *info_.frames - timeline_->given();
    if (wanted > -frame_->nb_samples && wanted < frame_->nb_samples)
        frame_->nb_samples = static_cast<int>(std::max<int64_t>(0, wanted));
}

// No frame follows: what was lost at the very end is still due, and what a converter holds.
void Decoder::Stream::end() {
    is_ended_ = is_draining_ = true;
    if (timeline_ && packets_.corrupt_until())
        silence_due_ = timeline_->place_end(to_frames(*packets_.corrupt_until()));
}

// One step; false when all is done. The block may stay empty.
bool Decoder::Stream::produce(Block& block) {
    if (is_draining_) {
        block = converter_->drain(kMaxBlockFrames);
        is_draining_ = block.frames > 0;
    } else if (silence_due_ > 0) {
        block = Block(channels_, std::min(silence_due_, kMaxBlockFrames));
        silence_due_ -= block.frames;
        silence_frames_ += block.frames;
    } else if (has_frame_ && frame_used_ < frame_->nb_samples) {
        const int64_t count =
            std::min(converter_->input_for(kMaxBlockFrames, *frame_), frame_->nb_samples - frame_used_);
        block = converter_->convert(*frame_, frame_used_, count);
        frame_used_ += count;
    } else if (is_ended_) {
        return false;
    } else if (!advance()) {
        end();
    }
    return true;
}

bool Decoder::Stream::read(Block& block) {
    do {
        block = Block(channels_, 0);
        if (!produce(block)) return false;
    } while (block.frames == 0);
    deliver(block);
    return true;
}

void Decoder::Stream::deliver(Block& block) {
    for (float& sample : block.samples) {
        if (std::isfinite(sample)) continue;
        sample = 0;
        ++nonfinite_samples_;
    }
    frames_read_ += block.frames;
    const double seconds = static_cast<double>(frames_read_) / info_.sample_rate;
    if (options_.max_seconds > 0 && seconds > options_.max_seconds)
        throw Error(ErrorCode::invalid_input,
                    "the audio is longer than allowed: at least " +
                        in_seconds(std::max(seconds, info_.duration_seconds)) + " seconds, the limit is " +
                        in_seconds(options_.max_seconds),
                    "audio_too_long");
}

std::vector<std::string> Decoder::Stream::warnings() const {
    std::vector<std::string> result;
    const std::string rate = std::to_string(info_.sample_rate) + " Hz";
    const std::string target = channels_ == 1 ? "mono" : "stereo";
    if (info_.channels > channels_)
        result.push_back("the input has " + std::to_string(info_.channels) + " channels" + layout_ +
                         "; they were mixed down to " + target);
    if (has_changed_)
        result.push_back("the sample rate or the channels change inside the file; all was converted to " +
                         rate + ", " + target);
    if (const int64_t corrupt = packets_.corrupt_packets(); corrupt > 0)
        result.push_back(counted(corrupt, "corrupt frame was skipped", "corrupt frames were skipped"));
    if (silence_frames_ > 0)
        result.push_back(in_seconds(static_cast<double>(silence_frames_) / info_.sample_rate) +
                         " seconds of damaged audio were replaced by silence");
    if (nonfinite_samples_ > 0)
        result.push_back(counted(nonfinite_samples_, "sample was not a finite number and was replaced by 0",
                                 "samples were not finite numbers and were replaced by 0"));
    const auto declared = packets_.demuxer().declared_frames();
    if (is_ended_ && !has_changed_ && declared && frames_read_ < *declared)
        result.push_back("the file ends after " +
                         in_seconds(static_cast<double>(frames_read_) / info_.sample_rate) + " of the " +
                         in_seconds(static_cast<double>(*declared) / info_.sample_rate) +
                         " seconds it declares");
    return result;
}

Decoder::Decoder(const std::filesystem::path& file, const DecoderOptions& options)
    : stream_(std::make_unique<Stream>(file, options)) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

const AudioInfo& Decoder::info() const {
    return stream_->info();
}
int Decoder::sample_rate() const {
    return stream_->info().sample_rate;
}
int Decoder::channels() const {
    return stream_->channels();
}
bool Decoder::read(Block& block) {
    return stream_->read(block);
}
int64_t Decoder::frames_read() const {
    return stream_->frames_read();
}
std::vector<std::string> Decoder::warnings() const {
    return stream_->warnings();
}

}  // namespace msst::audio
