#include "audio/input_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace msst::audio {

namespace {

constexpr int kIoBufferBytes = 1 << 16;

}  // namespace

InputFile::InputFile(const std::filesystem::path& file)
    : path_(file), fd_(open_file(file, O_RDONLY | O_NONBLOCK)) {  // a FIFO must not keep us waiting
    struct stat facts {};
    if (::fstat(fd_.get(), &facts) != 0) throw_errno("cannot ask about", path_);
    if (!S_ISREG(facts.st_mode))
        throw Error(ErrorCode::invalid_input, "the audio is not a regular file", "invalid_audio");
    if (facts.st_size == 0) throw Error(ErrorCode::invalid_input, "the file is empty", "invalid_audio");
    size_bytes_ = facts.st_size;
}

IoHandle InputFile::open_io() {
    position_ = 0;
    auto* buffer = static_cast<uint8_t*>(av_malloc(kIoBufferBytes));
    IoHandle io(buffer == nullptr
                    ? nullptr
                    : avio_alloc_context(buffer, kIoBufferBytes, /*write_flag=*/0, this, read_for_ffmpeg,
                                         /*write_packet=*/nullptr, seek_for_ffmpeg));
    if (!io) av_free(buffer);
    check(io != nullptr, "decoder: no memory for a read buffer");
    return io;
}

int64_t InputFile::read_at(int64_t offset, uint8_t* bytes, int64_t size) const {
    int64_t done = 0;
    while (done < size) {
        const ssize_t count = ::pread(fd_.get(), bytes + done, size - done, offset + done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("cannot read", path_);
        if (count == 0) break;
        done += count;
    }
    return done;
}

void InputFile::expect_no_read_error() const {
    if (read_error_ == 0) return;
    errno = read_error_;
    throw_errno("cannot read", path_);
}

int InputFile::read_for_ffmpeg(void* self, uint8_t* bytes, int size) {
    auto& file = *static_cast<InputFile*>(self);
    ssize_t count = 0;
    do {
        count = ::pread(file.fd_.get(), bytes, size, file.position_);
    } while (count < 0 && errno == EINTR);
    if (count == 0) return AVERROR_EOF;
    if (count < 0) {
        file.read_error_ = errno;
        return AVERROR(errno);
    }
    file.position_ += count;
    return static_cast<int>(count);
}

int64_t InputFile::seek_for_ffmpeg(void* self, int64_t offset, int whence) {
    auto& file = *static_cast<InputFile*>(self);
    const int64_t size = file.size_bytes_;
    int64_t base = 0;
    switch (whence & ~AVSEEK_FORCE) {
        case AVSEEK_SIZE:
            return size;
        case SEEK_SET:
            break;
        case SEEK_CUR:
            base = file.position_;
            break;
        case SEEK_END:
            base = size;
            break;
        default:
            return AVERROR(EINVAL);
    }
    if (offset < -base || offset > INT64_MAX - base) return AVERROR(EINVAL);
    file.position_ = base + offset;
    return file.position_;
}

}  // namespace msst::audio
