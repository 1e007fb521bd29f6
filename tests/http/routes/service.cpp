#include "http/routes/service.h"

#include <cstring>
#include <fstream>
#include <span>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <unistd.h>

#include "base/error.h"
#include "base/sha256.h"
#include "http/error_reply.h"
#include "http/file_response.h"
#include "http/query.h"
#include "store/open.h"

namespace msst::http::testing {
namespace {

constexpr char kBoundary[] = "a-boundary-of-the-test";

class TextBody final : public BodyReader {
public:
    explicit TextBody(const Ask& ask) : ask_(ask) {}

    asio::awaitable<size_t> read_some(std::span<std::byte> buffer) override {
        if (!is_begun_ && ask_.during) ask_.during();
        is_begun_ = true;
        const size_t count = std::min({buffer.size(), ask_.piece_bytes, ask_.body.size() - position_});
        std::memcpy(buffer.data(), ask_.body.data() + position_, count);
        position_ += count;
        co_return count;
    }
    std::optional<uint64_t> content_length() const override { return ask_.body.size(); }

private:
    const Ask& ask_;
    size_t position_ = 0;
    bool is_begun_ = false;
};

class TextWriter final : public ChunkWriter {
public:
    explicit TextWriter(const Ask& ask) : ask_(ask) {}

    asio::awaitable<void> write(std::string text) override {
        all += text;
        if (ask_.on_write) ask_.on_write(text);
        co_return;
    }
    std::string all;

private:
    const Ask& ask_;
};

std::string read(const Segments& segments) {
    std::string text;
    for (const auto& segment : segments) {
        if (const auto* own = std::get_if<std::string>(&segment)) {
            text += *own;
            continue;
        }
        const auto& slice = std::get<FileSlice>(segment);
        std::string piece(static_cast<size_t>(slice.length), '\0');
        const ssize_t got = pread(slice.file->get(), piece.data(), piece.size(), slice.offset);
        check(got == slice.length, "test: a slice is shorter than it says");
        text += piece;
    }
    return text;
}

asio::awaitable<Reply> answer(const Router& router, const Ask& ask) {
    TextBody body(ask);
    Request request;
    request.method = beast_http::string_to_verb(ask.method);
    request.request_id = "test";
    request.owner = ask.owner;
    request.body = &body;
    for (const auto& [name, value] : ask.headers) request.headers.insert(name, value);
    Response response;
    std::exception_ptr thrown;
    try {
        const size_t mark = std::min(ask.target.find('?'), ask.target.size());
        RouteMatch match = router.match(request.method, ask.target.substr(0, mark));
        request.path = match.path;
        request.path_values = match.path_values;
        if (mark < ask.target.size()) request.query = parse_query(ask.target.substr(mark + 1));
        response = co_await match.route->handler(request);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) response = problem_response(problem_of(thrown), request.request_id);

    Reply reply;
    reply.status = static_cast<int>(response.status);
    reply.headers = response.headers;
    if (const auto* text = std::get_if<std::string>(&response.body)) reply.body = *text;
    if (const auto* segments = std::get_if<Segments>(&response.body)) reply.body = read(*segments);
    if (const auto* stream = std::get_if<Stream>(&response.body)) {
        TextWriter writer(ask);
        co_await (*stream)(writer);
        reply.body = writer.all;
    }
    co_return reply;
}

std::vector<catalog::Model> models() {
    catalog::Model two_stems = catalog::embedded_model();
    two_stems.model_type = "two_stems";
    two_stems.instruments = {"vocals", "other"};
    catalog::Model damaged = catalog::embedded_model();
    damaged.model_type = "damaged";
    damaged.state = catalog::ModelState::damaged;
    damaged.problem = "/secret/path: not a checkpoint";
    catalog::Model hyper = catalog::embedded_model();
    hyper.model_type = "hyper";
    hyper.state = catalog::ModelState::unsupported;
    hyper.problem = "this roformer is of the variant HyperACE";
    return {catalog::embedded_model(), two_stems, damaged, hyper};
}

}  // namespace

std::string Reply::header(const std::string& name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

Service::Service(Settings settings)
    : store(store::open_task_store(folder.path(), clock)),
      blobs(store::open_blob_store(folder.path())),
      catalog(std::make_unique<catalog::Catalog>(models(), "dsp")),
      settings_(std::move(settings)) {
    settings_.version = "1.2.3";
    settings_.degraded_free_disk = std::min<int64_t>(settings_.degraded_free_disk, 1);
    settings_.event_poll = Milliseconds(1);
    restart();
}

void Service::restart() {
    Services services{.store = *store,
                      .blobs = *blobs,
                      .catalog = *catalog,
                      .clock = clock,
                      .log = log,
                      .blocking = pool,
                      .audio_check =
                          [this](const std::filesystem::path&) {
                              before_audio_check();
                              return audio;
                          },
                      .worker_status = [this] { return workers; },
                      .on_task_added = [this] { ++wake_ups; },
                      .settings = settings_};
    router = std::make_unique<Router>();
    routes = std::make_unique<Routes>(services);
    routes->add_to(*router);
}

void Service::install_large_model(int64_t device_bytes) {
    catalog::Model large = catalog::embedded_model();
    large.model_type = "large";
    large.checkpoint_path = folder / "large.ckpt";
    std::ofstream(large.checkpoint_path) << "weights";
    large.network = catalog::NetworkFacts{.device_bytes = device_bytes};
    *catalog = catalog::Catalog({catalog::embedded_model(), large}, "dsp");
}

Service::~Service() {
    pool.join();
}

Reply Service::ask(const Ask& ask) {
    asio::io_context io;
    auto reply = asio::co_spawn(io, answer(*router, ask), asio::use_future);
    io.run();
    return reply.get();
}

Reply Service::get(const std::string& target, const std::string& owner) {
    return ask({.target = target, .headers = {}, .body = {}, .owner = owner, .during = {}});
}

Ask Service::submission(const std::vector<Part>& parts) {
    std::string body;
    for (const Part& part : parts) {
        body +=
            std::string("--") + kBoundary + "\r\nContent-Disposition: form-data; name=\"" + part.name + "\"";
        if (part.file_name) body += "; filename=\"" + *part.file_name + "\"";
        body += "\r\n\r\n" + part.value + "\r\n";
    }
    body += std::string("--") + kBoundary + "--\r\n";
    return {.method = "POST",
            .target = "/api/v1/separate",
            .headers = {{"Content-Type", std::string("multipart/form-data; boundary=") + kBoundary}},
            .body = std::move(body),
            .owner = {},
            .during = {}};
}

Reply Service::submit(const std::vector<Part>& parts) {
    return ask(submission(parts));
}

std::string Service::add_task(const std::string& owner) {
    clock.advance(Milliseconds(1));  // ids sort by time, to the millisecond
    Ask request = submission({file_part()});
    request.owner = owner;
    return ask(request).json().at("task_id");
}

tasks::Lease Service::claim() {
    return store->claim("worker", Milliseconds(30'000)).value();
}

void Service::complete(const tasks::Lease& lease,
                       const std::vector<std::pair<std::string, std::string>>& stems) {
    const auto directory = blobs->create_result_directory(lease.task.task_id, lease.epoch);
    tasks::TaskResult result;
    for (const auto& [name, bytes] : stems) {
        std::ofstream(directory / (name + ".wav"), std::ios::binary) << bytes;
        tasks::StemFile stem;
        stem.name = name;
        stem.filename = name + ".wav";
        stem.size_bytes = std::ssize(bytes);
        stem.duration_seconds = 60;
        stem.sample_rate = 44100;
        stem.channels = 2;
        stem.content_type = "audio/wav";
        stem.sha256 = sha256_hex(bytes);
        stem.peak_dbfs = -1.234;
        result.sources.push_back(stem);
    }
    result.processing_seconds = 3;
    result.audio_seconds = 60;
    blobs->publish_result_directory(lease.task.task_id, lease.epoch);
    check(store->complete(lease, result), "test: the lease is lost");
}

std::string Service::completed_task(const std::vector<std::pair<std::string, std::string>>& stems) {
    const std::string id = add_task();
    complete(claim(), stems);
    return id;
}

std::vector<std::string> Service::stored_files() const {
    std::vector<std::string> files;
    for (const char* part : {"uploads", "results", "tmp"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / part))
            if (entry.is_regular_file()) files.push_back(entry.path().string());
    return files;
}

Part file_part(const std::string& bytes, const std::string& file_name) {
    return {.name = "file", .value = bytes, .file_name = file_name};
}

}  // namespace msst::http::testing
