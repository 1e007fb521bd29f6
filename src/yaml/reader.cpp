#include "yaml/reader.h"

#include <map>
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
#include "base/text.h"
#include "yaml/encoding.h"

namespace msst::yaml {
namespace {

// Builds the tree from yaml-cpp's events. yaml-cpp's own nodes would share what aliases stand for and merge
// duplicate keys.
class Builder final : public YAML::EventHandler {
public:
    Builder(const std::string& name, const Limits& limits) : name_(name), limits_(limits) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) fail(mark, "an alias (*name) stands inside of what it names");
        take(mark, copy(mark, found->second));
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { take_new(mark, {}, anchor); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        const bool quoted = tag == "!";
        Node node = !quoted && value.empty() ? Node{} : make_scalar(value);
        node.quoted = quoted;
        take_new(mark, std::move(node), anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(mark, Node::Kind::sequence, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(mark, Node::Kind::mapping, anchor);
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
        YAML::Mark mark;
        YAML::anchor_t anchor = YAML::NullAnchor;
    };

    // A tag of Python's asks for an object to be made; MSST writes none but that of tuples, which are lists.
    void check_tag(const YAML::Mark& mark, const std::string& tag) const {
        if (tag.find("python/") == std::string::npos || tag.ends_with("python/tuple")) return;
        fail(mark, "has the tag '" + clean_text(tag, /*max_bytes=*/100) +
                       "'; of Python's only !!python/tuple is understood");
    }

    void check_depth(const YAML::Mark& mark, int64_t depth) const {
        if (depth > limits_.max_depth)
            fail(mark, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }

    void count_node(const YAML::Mark& mark) {
        if (++nodes_ > limits_.max_nodes)
            fail(mark, "more than " + std::to_string(limits_.max_nodes) + " values");
    }

    void open(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor) {
        check_depth(mark, std::ssize(levels_) + 1);
        count_node(mark);
        if (!levels_.empty() && levels_.back().node.is_mapping() && !levels_.back().has_key)
            fail(mark, "a key must be a plain word");
        Level level;
        level.node.kind = kind;
        level.node.line = mark.line + 1;
        level.mark = mark;
        level.anchor = anchor;
        levels_.push_back(std::move(level));
    }

    void close() {
        Level level = std::move(levels_.back());
        levels_.pop_back();
        remember(level.mark, level.anchor, level.node);
        place(std::move(level.node));
    }

    void take_new(const YAML::Mark& mark, Node node, YAML::anchor_t anchor) {
        count_node(mark);
        node.line = mark.line + 1;
        remember(mark, anchor, node);
        take(mark, std::move(node));
    }

    // A whole value, or the key of the one to come.
    void take(const YAML::Mark& mark, Node node) {
        if (levels_.empty() || !levels_.back().node.is_mapping() || levels_.back().has_key)
            return place(std::move(node));
        if (!node.is_scalar()) fail(mark, "a key must be a plain word");
        levels_.back().entry = {.key = std::move(node.text), .line = mark.line + 1, .value = {}};
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

    void remember(const YAML::Mark& mark, YAML::anchor_t anchor, const Node& node) {
        if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, copy(mark, node));
    }

    // Copies count like what is written out, so that a few lines cannot stand for gigabytes.
    Node copy(const YAML::Mark& mark, const Node& node) {
        count_copy(mark, node, std::ssize(levels_));
        return node;
    }

    void count_copy(const YAML::Mark& mark, const Node& node, int64_t depth) {
        count_node(mark);
        count_text(mark, node.text);
        if (node.is_sequence() || node.is_mapping()) check_depth(mark, depth + 1);
        for (const Node& item : node.items) count_copy(mark, item, depth + 1);
        for (const Entry& entry : node.entries) {
            count_node(mark);
            count_text(mark, entry.key);
            count_copy(mark, entry.value, depth + 1);
        }
    }

    void count_text(const YAML::Mark& mark, const std::string& text) {
        copied_bytes_ += text.size();
        if (copied_bytes_ > limits_.max_bytes)
            fail(mark, "aliases stand for more than " + std::to_string(limits_.max_bytes) + " bytes");
    }

    const std::string& name_;
    const Limits limits_;
    std::vector<Level> levels_;
    std::map<YAML::anchor_t, Node> anchors_;
    int nodes_ = 0;
    size_t copied_bytes_ = 0;
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

std::string read_bounded(const std::filesystem::path& file, const std::string& name, size_t max_bytes) {
    // O_NONBLOCK: a named pipe must not hold us up.
    const UniqueFd fd = open_file(file, O_RDONLY | O_NONBLOCK);
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0) throw_errno("cannot look at", file);
    if (!S_ISREG(facts.st_mode)) throw Error(ErrorCode::invalid_input, name + ": is not a regular file");
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
        builder.fail(error.mark, "is not YAML: " + clean_text(error.msg, /*max_bytes=*/300));
    }
    return std::move(builder).finish();
}

Node read_document(const std::filesystem::path& file, const Limits& limits) {
    return read_document_as(file.string(), file, limits);
}

Node read_document_as(const std::string& name, const std::filesystem::path& file, const Limits& limits) {
    return parse_document(read_bounded(file, name, limits.max_bytes), name, limits);
}

}  // namespace msst::yaml
