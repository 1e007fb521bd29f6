#include "audio/sndfile_output.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

namespace msst::audio {

// The descriptor, and what went wrong on it first: libsndfile itself only reports short counts.
struct SndfileOutput::Target {
    std::filesystem::path path;
    UniqueFd fd;
    int error = 0;  // errno

    template <typename Result>
    Result note(Result result) {
        if (result < 0 && error == 0) error = errno;
        return result;
    }
    int fd_number() const { return fd.get(); }
    static Target& of(void* user) { return *static_cast<Target*>(user); }

    sf_count_t write(const char* bytes, sf_count_t count) {
        sf_count_t done = 0;
        while (done < count) {
            const ssize_t written = ::write(fd_number(), bytes + done, count - done);
            if (written < 0 && errno == EINTR) continue;
            if (note(written) < 0) break;
            done += written;
        }
        return done;
    }

    sf_count_t size() {
        const off_t here = ::lseek(fd_number(), 0, SEEK_CUR);
        const off_t end = note(::lseek(fd_number(), 0, SEEK_END));
        note(::lseek(fd_number(), here, SEEK_SET));
        return end;
    }

    static SF_VIRTUAL_IO calls() {
        SF_VIRTUAL_IO io{};
        io.get_filelen = [](void* user) { return of(user).size(); };
        io.seek = [](sf_count_t offset, int whence, void* user) -> sf_count_t {
            return of(user).note(::lseek(of(user).fd_number(), offset, whence));
        };
        io.read = [](void* bytes, sf_count_t count, void* user) -> sf_count_t {
            return std::max<ssize_t>(0, of(user).note(::read(of(user).fd_number(), bytes, count)));
        };
        io.write = [](const void* bytes, sf_count_t count, void* user) {
            return of(user).write(static_cast<const char*>(bytes), count);
        };
        io.tell = [](void* user) -> sf_count_t {
            return of(user).note(::lseek(of(user).fd_number(), 0, SEEK_CUR));
        };
        return io;
    }
};

SndfileOutput::SndfileOutput(const std::filesystem::path& file, SF_INFO info)
    : target_(std::make_unique<Target>()) {
    target_->path = file;
    target_->fd = open_file(file, O_RDWR | O_CREAT | O_TRUNC);
    SF_VIRTUAL_IO io = Target::calls();
    handle_.reset(sf_open_virtual(&io, SFM_WRITE, &info, target_.get()));
    expect(handle_ != nullptr, "cannot begin");
    // The PEAK chunk of float files holds the time of writing: equal audio shall give equal bytes.
    sf_command(handle_.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
}

SndfileOutput::~SndfileOutput() = default;

void SndfileOutput::expect(bool succeeded, const char* what) const {
    if (target_->error != 0) {
        errno = target_->error;
        throw_errno(what, target_->path);
    }
    if (!succeeded)
        throw Error(ErrorCode::internal,
                    std::string(what) + " " + target_->path.string() + ": " + sf_strerror(handle_.get()));
}

void SndfileOutput::allow_downgrade_to_riff() {
    const int set = sf_command(handle_.get(), SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
    expect(set == SF_TRUE, "cannot begin");
}

void SndfileOutput::write(const int32_t* samples, int64_t frames) {
    expect(sf_writef_int(handle_.get(), samples, frames) == frames, "cannot write");
}

void SndfileOutput::write(const float* samples, int64_t frames) {
    expect(sf_writef_float(handle_.get(), samples, frames) == frames, "cannot write");
}

void SndfileOutput::close() {
    const int status = sf_close(handle_.release());
    expect(status == 0, "cannot complete");
    sync_file(target_->fd.get(), target_->path);
    target_->fd.reset();
}

}  // namespace msst::audio
