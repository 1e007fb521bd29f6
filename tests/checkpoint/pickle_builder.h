#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Writes the bytes torch.save writes, and the ones it would never write.

namespace msst::checkpoint::testing {

inline std::string little(uint64_t value, int width) {
    std::string bytes;
    for (int i = 0; i < width; ++i) bytes.push_back(i < 8 ? static_cast<char>(value >> (8 * i)) : 0);
    return bytes;
}

class PickleBuilder {
public:
    PickleBuilder() { raw("\x80\x02"); }

    PickleBuilder& raw(std::string_view bytes) {
        bytes_ += bytes;
        return *this;
    }
    PickleBuilder& text(std::string_view value) { return raw("X").raw(little(value.size(), 4)).raw(value); }
    PickleBuilder& integer(int64_t value) {
        return raw("\x8a\x08").raw(little(static_cast<uint64_t>(value), 8));
    }
    PickleBuilder& global(std::string_view module, std::string_view name) {
        return raw("c").raw(module).raw("\n").raw(name).raw("\n");
    }
    PickleBuilder& mark() { return raw("("); }
    PickleBuilder& tuple() { return raw("t"); }
    PickleBuilder& reduce() { return raw("R"); }
    PickleBuilder& empty_dict() { return raw("}"); }
    PickleBuilder& set_items() { return raw("u"); }

    PickleBuilder& integers(const std::vector<int64_t>& values) {
        mark();
        for (const int64_t value : values) integer(value);
        return tuple();
    }

    struct Tensor {
        std::string key = "0";
        int64_t elements = 6;
        int64_t offset = 0;
        std::vector<int64_t> shape = {2, 3};
        std::vector<int64_t> strides = {3, 1};
        std::string type = "FloatStorage";
    };

    PickleBuilder& tensor(const Tensor& t) {
        global("torch._utils", "_rebuild_tensor_v2").mark();
        mark()
            .text("storage")
            .global("torch", t.type)
            .text(t.key)
            .text("cpu")
            .integer(t.elements)
            .tuple()
            .raw("Q");
        integer(t.offset).integers(t.shape).integers(t.strides).raw("\x89").raw("}");
        return tuple().reduce();
    }

    // Whole pickles end with STOP.
    std::string stop() const { return bytes_ + "."; }

private:
    std::string bytes_;
};

}  // namespace msst::checkpoint::testing
