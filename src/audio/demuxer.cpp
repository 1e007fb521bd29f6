#include "audio/demuxer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <string>

#include "audio/container_probe.h"
#include "base/error.h"

namespace msst::audio {

namespace {

// What is allowed to look at strangers' bytes: decoders by FFmpeg's names.
constexpr const char* kCodecs =
    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,"
    "pcm_f64be,pcm_alaw,pcm_mulaw,flac,mp3float,vorbis,opus,aac,alac";

constexpr int64_t kProbeBytes = 5 << 20;
constexpr int kMaxStreams = 64;
constexpr size_t kMaxAllocationBytes = size_t{1} << 29;
constexpr int64_t kMostTicks = int64_t{1} << 60;  // longer is a lie
constexpr int64_t kMaxPriming = 1 << 16;
constexpr int kMaxFruitlessReads = 100;

// FFmpeg's only state that is global: it must not write to our stderr, nor allocate by a number in a header.
void quieten_ffmpeg() {
    static std::once_flag once;
    std::call_once(once, [] {
        av_log_set_level(AV_LOG_QUIET);
        av_max_alloc(kMaxAllocationBytes);
    });
}

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
    return AVERROR(EPERM);
}

Error invalid(const std::string& sentence) {
    return Error(ErrorCode::invalid_input, sentence, "invalid_audio");
}

bool is_in_list(std::string_view name, std::string_view list) {
    while (!list.empty()) {
        const size_t end = std::min(list.find(','), list.size());
        if (list.substr(0, end) == name) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

bool is_allowed(const AVCodecParameters& parameters) {
    const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
    return codec != nullptr && is_in_list(codec->name, kCodecs);
}

bool is_pcm(AVCodecID id) {
    return id >= AV_CODEC_ID_FIRST_AUDIO && id < AV_CODEC_ID_ADPCM_IMA_QT;
}

// How many bytes a RIFF header promises beyond the end of the file. Programs that write into a pipe promise 2
// or 4 GB, which means nothing.
int64_t missing_riff_bytes(const InputFile& file) {
    std::array<uint8_t, 8> head{};
    if (file.read_at(0, head.data(), head.size()) < std::ssize(head) || head[1] != 'I') return 0;
    const int64_t size = head[4] | head[5] << 8 | head[6] << 16 | int64_t{head[7]} << 24;
    constexpr int64_t kPipeBytes = 0x7fff'0000;
    return size < kPipeBytes ? std::max<int64_t>(0, size + 8 - file.size_bytes()) : 0;
}

// iTunes' tag in "----" boxes: hexadecimal "00000000 <priming> <padding> <frames> …".
std::optional<int64_t> itunes_frames(const AVFormatContext& context) {
    const AVDictionaryEntry* entry = av_dict_get(context.metadata, "iTunSMPB", nullptr, 0);
    if (entry == nullptr) return std::nullopt;
    const char* text = entry->value;
    std::array<unsigned long long, 4> numbers{};
    for (auto& number : numbers) {
        char* end = nullptr;
        number = std::strtoull(text, &end, 16);
        if (end == text) return std::nullopt;
        text = end;
    }
    if (numbers[3] == 0 || numbers[3] > static_cast<unsigned long long>(kMostTicks)) return std::nullopt;
    return static_cast<int64_t>(numbers[3]);
}

}  // namespace

Demuxer::Demuxer(const std::filesystem::path& file) : file_(file) {
    quieten_ffmpeg();
    const AVInputFormat& format = probe_container(file_);
    info_.format = format_word(format);
    const bool is_mp4 = info_.format == "m4a";
    const auto durations = is_mp4 ? media_durations(format) : std::vector<int64_t>();
    context_ = open(format, EditList::followed);
    if (avformat_find_stream_info(context_.get(), nullptr) < 0) {
        file_.expect_no_read_error();
        throw invalid("the file looks like " + info_.format + ", but its streams cannot be read");
    }
    choose_stream();
    find_length(durations);
}

FormatHandle Demuxer::open(const AVInputFormat& format, EditList edit_list) {
    io_ = file_.open_io();
    AVFormatContext* context = avformat_alloc_context();
    check(context != nullptr, "decoder: no memory for a container");
    context->pb = io_.get();
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
    context->io_open = refuse_to_open;
    context->probesize = kProbeBytes;
    context->max_streams = kMaxStreams;
    context->codec_whitelist = av_strdup(kCodecs);
    context->format_whitelist = av_strdup(format.name);
    context->protocol_whitelist = av_strdup("");
    AVDictionary* options = nullptr;
    if (info_.format == "m4a") {
        av_dict_set(&options, "ignore_chapters", "1", 0);
        av_dict_set(&options, "ignore_editlist", edit_list == EditList::ignored ? "1" : "0", 0);
    }
    const int status = avformat_open_input(&context, "", &format, &options);  // frees the context if it fails
    av_dict_free(&options);
    FormatHandle opened(status < 0 ? nullptr : context);
    if (opened) {
        for (unsigned i = 0; i < opened->nb_streams; ++i)
            if (opened->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
                opened->streams[i]->discard = AVDISCARD_ALL;
        return opened;
    }
    file_.expect_no_read_error();
    throw invalid("the file looks like " + info_.format + ", but its headers cannot be read");
}

void Demuxer::choose_stream() {
    const int index = av_find_best_stream(context_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (index < 0) throw invalid("the file has no audio stream");
    for (unsigned i = 0; i < context_->nb_streams; ++i)
        if (static_cast<int>(i) != index) context_->streams[i]->discard = AVDISCARD_ALL;
    stream_ = context_->streams[index];
    const AVCodecParameters& parameters = *stream_->codecpar;
    info_.codec = avcodec_get_name(parameters.codec_id);
    if (!is_allowed(parameters))
        throw Error(ErrorCode::invalid_input,
                    "the audio is coded as " + info_.codec + ", which is not supported" + kSupportedHint,
                    "unsupported_format");
    info_.sample_rate = parameters.sample_rate;
    info_.channels = parameters.ch_layout.nb_channels;
}

// Fills info_.duration_seconds, info_.frames and declared_frames_.
void Demuxer::find_length(const std::vector<int64_t>& mp4_durations) {
    const AVCodecParameters& parameters = *stream_->codecpar;
    const bool is_counted_in_frames =
        stream_->time_base.num == 1 && stream_->time_base.den == parameters.sample_rate;
    const bool is_known = stream_->duration > 0 && stream_->duration < kMostTicks;
    if (is_known)
        info_.duration_seconds = static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
    else if (context_->duration != AV_NOPTS_VALUE && context_->duration > 0)
        info_.duration_seconds = static_cast<double>(context_->duration) / AV_TIME_BASE;
    if (!is_known || !is_counted_in_frames || parameters.sample_rate <= 0) return;

    if (info_.format == "wav" || info_.format == "flac") declared_frames_ = info_.frames = stream_->duration;
    if (info_.format == "m4a") declared_frames_ = info_.frames = exact_mp4_frames(mp4_durations);
    if (info_.format == "wav") expect_more_wav_frames();
}

// A WAV file may be cut short: where RIFF promises more than there is, FFmpeg goes by the file's size; where
// RF64 does, by the header.
void Demuxer::expect_more_wav_frames() {
    const int frame_bytes = stream_->codecpar->block_align;
    if (frame_bytes <= 0 || !is_pcm(stream_->codecpar->codec_id)) return;
    const int64_t possible = file_.size_bytes() / frame_bytes;
    declared_frames_ = *info_.frames + missing_riff_bytes(file_) / frame_bytes;
    if (*declared_frames_ <= possible && declared_frames_ == info_.frames) return;
    info_.duration_seconds = static_cast<double>(std::min(possible, *info_.frames)) / info_.sample_rate;
    info_.frames.reset();
}

// An MP4 file gives its length twice: in the edit list, counted in the movie's time base (often
// milliseconds), and in the media header, counted in frames, priming included. FFmpeg tells only the first
// once it follows the edit list, so the headers are read a first time without it.
std::vector<int64_t> Demuxer::media_durations(const AVInputFormat& format) {
    const FormatHandle plain = open(format, EditList::ignored);
    std::vector<int64_t> durations;
    durations.reserve(plain->nb_streams);
    for (unsigned i = 0; i < plain->nb_streams; ++i) durations.push_back(plain->streams[i]->duration);
    return durations;
}

int64_t Demuxer::exact_mp4_frames(const std::vector<int64_t>& durations) const {
    if (const auto frames = itunes_frames(*context_)) return *frames;
    const int64_t edited = stream_->duration;
    if (stream_->index >= std::ssize(durations)) return edited;
    const AVIndexEntry* first = avformat_index_get_entry(stream_, 0);
    const int64_t priming = first == nullptr ? 0 : std::clamp<int64_t>(-first->timestamp, 0, kMaxPriming);
    const int64_t whole = durations[stream_->index] - priming;
    const int64_t millisecond = stream_->codecpar->sample_rate / 1000 + 1;
    return std::abs(whole - edited) <= millisecond ? whole : edited;
}

bool Demuxer::next(AVPacket& packet) {
    for (int fruitless = 0; fruitless < kMaxFruitlessReads; ++fruitless) {
        av_packet_unref(&packet);
        const int64_t before = avio_tell(context_->pb);
        const int status = av_read_frame(context_.get(), &packet);
        if (status >= 0 && packet.stream_index == stream_->index) return true;
        file_.expect_no_read_error();
        if (status == AVERROR_EOF) return false;
        if (status < 0) ++damaged_places_;
        if (avio_tell(context_->pb) != before) fruitless = 0;
    }
    return false;
}

}  // namespace msst::audio
