#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>

#include "backend/cpu/storage.h"
#include "base/error.h"
#include "graph/activation.h"

// What everything that calls oneDNN shares.

namespace msst::backend::cpu {

// What is waited for inside one stream: nothing, since oneDNN's processor streams run in the caller.
const dnnl::engine& processor();

dnnl::memory::data_type type_of(Storage storage);

// The caller gives the memory that a primitive needs while it runs.
dnnl::primitive_attr with_user_scratch();

void append_activation(dnnl::post_ops& ops, const graph::Activation& activation);

// Calls oneDNN and says what it refused.
template <class Call>
auto dnnl_check(const char* what, Call call) {
    try {
        return call();
    } catch (const dnnl::error& error) {
        throw Error(ErrorCode::internal, std::string("oneDNN cannot ") + what + ": " + error.what());
    }
}

// Of a tensor in memory, rounded up so that another one may lie behind it.
int64_t copy_bytes(const graph::Shape& shape, Storage storage);

// `count` numbers in a row.
dnnl::memory::desc flat(int64_t count, Storage storage);

// A primitive with its arguments laid out: running it allocates nothing on our side. The memories are shared
// with the caller, who gives them their data before each run.
class PreparedCall {
public:
    PreparedCall() = default;
    PreparedCall(dnnl::primitive primitive, const std::unordered_map<int, dnnl::memory>& arguments);

    // Throws dnnl::error.
    void run() const;

private:
    dnnl::stream stream_;
    dnnl::primitive primitive_;
    std::vector<dnnl::memory> memories_;
    std::vector<dnnl_exec_arg_t> arguments_;
};

// Copies a tensor from one storage and order of axes to another.
class Reorder {
public:
    Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to);

    void run(std::byte* from, std::byte* to);

private:
    dnnl::memory from_;
    dnnl::memory to_;
    PreparedCall call_;
};

// The factor of a product: where it lies, or its copy if it is stored otherwise than the product wants it.
class Factor {
public:
    // copy: memory for `count` numbers in `wanted`.
    Factor(Buffer x, int64_t count, Storage wanted, std::byte* copy);

    // Brings it there. The buffer is the same in every call.
    Buffer bring();

private:
    Buffer x_;
    Buffer copy_;
    std::optional<Reorder> convert_;
};

}  // namespace msst::backend::cpu
