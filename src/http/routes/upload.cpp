#include "http/routes/upload.h"

#include <boost/asio/thread_pool.hpp>

#include "base/sha256.h"
#include "base/text.h"
#include "http/multipart.h"
#include "http/offload.h"

namespace msst::http::routes {
namespace {

constexpr size_t kPieceBytes = 512 * 1024;              // handed to the disk at once
constexpr int64_t kMaxUnwantedBytes = 8 * 1024 * 1024;  // read only to find out what else is wrong

// Where the bytes of the `file` part go.
class FileSink {
public:
    FileSink(Context& context, FileUse use) : context_(context), use_(use) {}

    asio::awaitable<void> open() {
        is_open_ = true;
        if (use_ == FileUse::store)
            blob_ = co_await offload(pool(), [&] { return context_.services.blobs.create(); });
    }

    // Remembers the bytes, and passes them on when there are enough.
    asio::awaitable<void> append(std::string_view bytes) {
        size_bytes_ += std::ssize(bytes);
        if (size_bytes_ > context_.services.settings.max_file_bytes) refuse_size();
        piece_ += bytes;
        if (piece_.size() >= kPieceBytes) co_await flush();
    }

    asio::awaitable<void> flush() {
        co_await offload(pool(), [&] {
            const auto bytes = std::as_bytes(std::span(piece_));
            sha256_.add(bytes);
            if (blob_ && !bytes.empty()) blob_->append(bytes);
        });
        piece_.clear();
    }

    bool is_open() const { return is_open_; }
    int64_t size_bytes() const { return size_bytes_; }
    std::unique_ptr<tasks::IncomingBlob> take_blob() { return std::move(blob_); }
    std::string digest() { return std::move(sha256_).finish(); }

private:
    boost::asio::thread_pool& pool() { return context_.services.blocking; }

    [[noreturn]] void refuse_size() const {
        const int64_t limit = context_.services.settings.max_file_bytes;
        throw ApiError({.status = beast_http::status::bad_request,
                        .code = "file_too_large",
                        .message = "the file has more than the allowed " + std::to_string(limit) + " bytes",
                        .errors = {{"file", "must have at most " + std::to_string(limit) + " bytes", {}}},
                        .headers = {}});
    }

    Context& context_;
    FileUse use_;
    std::unique_ptr<tasks::IncomingBlob> blob_;
    Sha256 sha256_;
    std::string piece_;
    int64_t size_bytes_ = 0;
    bool is_open_ = false;
};

class Receiver {
public:
    Receiver(Context& context, Request& request, FileUse use)
        : context_(context),
          use_(use),
          reader_(*request.body, request.header("Content-Type").value_or(std::string_view())),
          sink_(context, use) {}

    asio::awaitable<Upload> run() {
        for (;;) {
            const MultipartEvent event = co_await reader_.next();
            if (event.kind == MultipartEvent::Kind::end) break;
            if (event.kind != MultipartEvent::Kind::part_begin) continue;
            if (reader_.part().name == "file")
                co_await receive_file();
            else
                co_await receive_field();
        }
        if (sink_.is_open() && sink_.size_bytes() == 0) upload_.form.refuse_empty_file();
        upload_.blob = sink_.take_blob();
        upload_.file_bytes = sink_.size_bytes();
        upload_.file_sha256 = sink_.digest();
        co_return std::move(upload_);
    }

private:
    asio::awaitable<void> receive_field() {
        const std::string name = reader_.part().name;
        std::string value;
        if (SubmissionForm::expects(name))
            value = co_await reader_.read_value();
        else
            co_await skip_part();  // as long as it likes: often the file, under another name
        upload_.form.add(name, std::move(value));
    }

    asio::awaitable<void> receive_file() {
        const bool is_first = !sink_.is_open();
        upload_.form.add_file();
        // A request that was answered before is compared, not judged.
        const bool is_wanted =
            is_first && (use_ == FileUse::hash_only || !upload_.form.is_hopeless(context_.services.catalog));
        if (is_wanted) {
            upload_.file_name = clean_file_name(reader_.part().file_name.value_or("audio"));
            co_await sink_.open();
            co_await store_part();
        } else {
            co_await skip_part();
        }
    }

    asio::awaitable<void> store_part() {
        for (;;) {
            const MultipartEvent event = co_await reader_.next();
            if (event.kind != MultipartEvent::Kind::data) break;
            co_await sink_.append(event.data);
        }
        co_await sink_.flush();
    }

    asio::awaitable<void> skip_part() {
        for (int64_t skipped = 0; skipped <= kMaxUnwantedBytes;) {
            const MultipartEvent event = co_await reader_.next();
            if (event.kind != MultipartEvent::Kind::data) co_return;
            skipped += std::ssize(event.data);
        }
        upload_.form.finish(context_.services.catalog);  // throws: the form is hopeless
        check(false, "submission: a file was skipped though nothing is wrong");
    }

    Context& context_;
    FileUse use_;
    MultipartReader reader_;
    FileSink sink_;
    Upload upload_;
};

}  // namespace

std::string Upload::fingerprint() const {
    return sha256_hex(form.canonical_text() + '\n' + file_name + '\n' + file_sha256);
}

asio::awaitable<Upload> receive_upload(Context& context, Request& request, FileUse use) {
    Receiver receiver(context, request, use);
    co_return co_await receiver.run();
}

}  // namespace msst::http::routes
