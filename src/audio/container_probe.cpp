#include "audio/container_probe.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace msst::audio {

namespace {

struct Container {
    std::string_view demuxer;  // AVInputFormat::name
    const char* word;
};

constexpr std::array kContainers = {
    Container{"wav", "wav"},
    Container{"flac", "flac"},
    Container{"mp3", "mp3"},
    Container{"ogg", "ogg"},
    Container{"mov,mp4,m4a,3gp,3g2,mj2", "m4a"},
};

constexpr int64_t kFirstBytes = 1 << 12;
constexpr int64_t kMostBytes = 1 << 20;

// ID3v2 (informal standard 2.4.0, 3.1): "ID3", version, flags, size in 4 x 7 bits. Pictures make it large, so
// it is stepped over before the container is guessed. 0 if there is none.
int64_t id3_bytes(const InputFile& file, int64_t offset) {
    std::array<uint8_t, 10> head{};
    if (file.read_at(offset, head.data(), head.size()) < std::ssize(head)) return 0;
    const bool is_tag =
        head[0] == 'I' && head[1] == 'D' && head[2] == '3' && head[3] != 0xff && head[4] != 0xff;
    if (!is_tag || std::any_of(&head[6], &head[6] + 4, [](uint8_t byte) { return byte >= 0x80; })) return 0;
    const int64_t size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9];
    const bool has_footer = (head[5] & 0x10) != 0;
    return size + (has_footer ? 20 : 10);
}

int64_t audio_offset(const InputFile& file) {
    int64_t offset = 0;
    while (const int64_t tag = id3_bytes(file, offset)) {
        if (offset + tag >= file.size_bytes()) return 0;
        offset += tag;
    }
    return offset;
}

struct Guess {
    const AVInputFormat* format = nullptr;
    int score = 0;
};

Guess guess(const InputFile& file) {
    const int64_t offset = audio_offset(file);
    Guess result;
    for (int64_t want = kFirstBytes; want <= kMostBytes; want *= 4) {
        std::vector<uint8_t> bytes(want + AVPROBE_PADDING_SIZE);
        const int64_t count = file.read_at(offset, bytes.data(), want);
        AVProbeData data{};
        data.filename = "";
        data.buf = bytes.data();
        data.buf_size = static_cast<int>(count);
        result.format = av_probe_input_format3(&data, /*is_opened=*/1, &result.score);
        if (count < want || (result.format != nullptr && result.score > AVPROBE_SCORE_RETRY)) break;
    }
    return result;
}

}  // namespace

const char* const kSupportedHint = "; send WAV, FLAC, MP3, OGG (Vorbis, Opus) or M4A (AAC, ALAC)";

const char* format_word(const AVInputFormat& format) {
    for (const Container& container : kContainers)
        if (container.demuxer == format.name) return container.word;
    return "";
}

const AVInputFormat& probe_container(const InputFile& file) {
    const Guess best = guess(file);
    if (best.format != nullptr && *format_word(*best.format) != '\0') return *best.format;
    const bool is_sure = best.format != nullptr && best.score >= AVPROBE_SCORE_EXTENSION;
    const std::string what = is_sure ? std::string(best.format->long_name) + ", which is not supported"
                                     : "in no audio format that is known here";
    throw Error(ErrorCode::invalid_input, "the file is " + what + kSupportedHint, "unsupported_format");
}

}  // namespace msst::audio
