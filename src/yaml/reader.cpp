#include "yaml/reader.h"

#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/error.h"
#include "base/files.h"
#include "yaml/encoding.h"

namespace msst::yaml {
namespace {

// Builds the tree from yaml-cpp's events. yaml-cpp's own nodes would follow aliases and merge duplicate keys.
class Builder final : public YAML::EventHandler {
public:
    Builder(const std::string& name, const Limits& limits) : name_(name), limits_(limits) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        fail(mark, "aliases (*name) are not accepted; write the value out");
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { take(mark, {}); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        Node node = make_scalar(value);
        node.quoted = tag == "!";
        take(mark, std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open(mark, Node::Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open(mark, Node::Kind::mapping);
    }
    void OnMapEnd() override { close(); }

    Node finish() && { return std::move(root_); }

    [[noreturn]] void fail(const YAML::Mark& mark, const std::string& what) const {
        throw Error(ErrorCode::invalid_input, name_ + ":" + std::to_string(mark.line + 1) + ": " + what);
    }

private:
    // A container that is not closed yet; `key` is the one whose value comes next.
    struct Level {
        Node node;
        Entry entry;
        bool has_key = false;
    };

    void open(const YAML::Mark& mark, Node::Kind kind) {
        if (std::ssize(levels_) >= limits_.max_depth)
            fail(mark, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
        if (!levels_.empty() && levels_.back().node.is_mapping() && !levels_.back().has_key)
            fail(mark, "a key must be a plain word");
        Level level;
        level.node.kind = kind;
        level.node.line = mark.line + 1;
        levels_.push_back(std::move(level));
    }

    void close() {
        Node node = std::move(levels_.back().node);
        levels_.pop_back();
        place(std::move(node));
    }

    void take(const YAML::Mark& mark, Node node) {
        if (++nodes_ > limits_.max_nodes)
            fail(mark, "more than " + std::to_string(limits_.max_nodes) + " values");
        node.line = mark.line + 1;
        if (levels_.empty() || !levels_.back().node.is_mapping() || levels_.back().has_key)
            return place(std::move(node));
        if (node.is_null()) fail(mark, "a key must be a plain word");
        levels_.back().entry = {.key = std::move(node.text), .line = node.line, .value = {}};
        levels_.back().has_key = true;
    }

    void place(Node node) {
        if (levels_.empty()) {
            root_ = std::move(node);
            return;
        }
        Level& level = levels_.back();
        if (!level.node.is_mapping()) {
            level.node.items.push_back(std::move(node));
            return;
        }
        if (node.is_null()) node.line = level.entry.line;  // yaml-cpp says where the next value stands
        level.entry.value = std::move(node);
        level.node.entries.push_back(std::move(level.entry));
        level.has_key = false;
    }

    const std::string& name_;
    const Limits limits_;
    std::vector<Level> levels_;
    int nodes_ = 0;
    Node root_;
};

// yaml-cpp takes some control characters for the end of the text, and would read half a file in silence.
void refuse_control_characters(std::string_view text, const std::string& name) {
    int line = 1;
    for (const char c : text) {
        if (c == '\n') ++line;
        if ((c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            throw Error(ErrorCode::invalid_input, name + ":" + std::to_string(line) +
                                                      ": holds a control character; this is no text file");
    }
}

std::string read_bounded(const std::filesystem::path& file, size_t max_bytes) {
    // O_NONBLOCK: a named pipe must not hold us up.
    const UniqueFd fd = open_file(file, O_RDONLY | O_NONBLOCK);
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0) throw_errno("cannot look at", file);
    if (!S_ISREG(facts.st_mode))
        throw Error(ErrorCode::invalid_input, file.string() + ": is not a regular file");
    std::string text(max_bytes + 1, '\0');
    size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw_errno("cannot read", file);
        if (got == 0) break;
        size += got;
    }
    text.resize(size);
    return text;
}

}  // namespace

Node parse_document(std::string_view text, const std::string& name, const Limits& limits) {
    if (text.size() > limits.max_bytes)
        throw Error(ErrorCode::invalid_input,
                    name + ": longer than " + std::to_string(limits.max_bytes) + " bytes");
    const std::string utf8 = to_utf8(text);
    refuse_control_characters(utf8, name);
    Builder builder(name, limits);
    try {
        std::istringstream stream(utf8);
        YAML::Parser parser(stream);
        if (parser.HandleNextDocument(builder)) {
            Builder rest(name, limits);
            if (parser.HandleNextDocument(rest))
                throw Error(ErrorCode::invalid_input, name + ": holds more than one document");
        }
    } catch (const YAML::Exception& error) {
        builder.fail(error.mark, error.msg);
    }
    return std::move(builder).finish();
}

Node read_document(const std::filesystem::path& file, const Limits& limits) {
    return parse_document(read_bounded(file, limits.max_bytes), file.string(), limits);
}

}  // namespace msst::yaml
