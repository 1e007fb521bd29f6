// "Nothing is allocated while a network runs": every operator new during a run of each golden case is
// counted. Those that oneDNN calls are told apart by who called; ours must be none.

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "parity/golden.h"

namespace {

std::atomic<bool> is_counting = false;
std::atomic<int64_t> our_calls = 0;
std::atomic<int64_t> onednn_calls = 0;
std::atomic<void*> first_caller = nullptr;  // of ours

void count(void* caller) {
    if (!is_counting) return;
    Dl_info info{};
    const bool is_known = dladdr(caller, &info) != 0 && info.dli_fname;
    if (is_known && std::strstr(info.dli_fname, "libdnnl")) {
        ++onednn_calls;
        return;
    }
    void* none = nullptr;
    first_caller.compare_exchange_strong(none, caller);
    ++our_calls;
}

void* allocate(size_t size, size_t alignment) {
    const size_t rounded = (std::max<size_t>(size, 1) + alignment - 1) / alignment * alignment;
    return alignment <= alignof(std::max_align_t) ? std::malloc(rounded)
                                                  : std::aligned_alloc(alignment, rounded);
}

void* allocate_or_throw(size_t size, size_t alignment = 1) {
    if (void* memory = allocate(size, alignment)) return memory;
    throw std::bad_alloc();
}

}  // namespace

// Every form, so that nothing which one of these gave is taken back by another library's.
// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(size_t size) {
    count(__builtin_return_address(0));
    return allocate_or_throw(size);
}
void* operator new[](size_t size) {
    count(__builtin_return_address(0));
    return allocate_or_throw(size);
}
void* operator new(size_t size, std::align_val_t alignment) {
    count(__builtin_return_address(0));
    return allocate_or_throw(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
    count(__builtin_return_address(0));
    return allocate_or_throw(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
    count(__builtin_return_address(0));
    return allocate(size, 1);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
    count(__builtin_return_address(0));
    return allocate(size, 1);
}
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    count(__builtin_return_address(0));
    return allocate(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    count(__builtin_return_address(0));
    return allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}
// NOLINTEND(misc-new-delete-overloads)

namespace msst {
namespace {

namespace fs = std::filesystem;
using testing::Golden;

std::vector<std::string> golden_cases() {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(MSST_TEST_DATA) / "goldens"))
        if (fs::exists(entry.path() / "golden.safetensors")) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

// Cases are named by MSST's type and what is special; Demucs v3 is of the type of v4.
std::string model_type_of(const std::string& name) {
    return name == "hdemucs" ? "htdemucs" : name.substr(0, name.find('-'));
}

// While one lives, calls are counted.
class Counting {
public:
    Counting() {
        our_calls = onednn_calls = 0;
        first_caller = nullptr;
        is_counting = true;
    }
    ~Counting() { is_counting = false; }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;
};

std::string place_of(void* address) {
    Dl_info info{};
    if (address == nullptr || dladdr(address, &info) == 0) return "nowhere";
    const auto offset = static_cast<char*>(address) - static_cast<char*>(info.dli_fbase);
    char text[32];
    std::snprintf(text, sizeof text, "+0x%zx", static_cast<size_t>(offset));
    return info.dli_fname + std::string(text);  // for addr2line
}

class Allocations : public ::testing::TestWithParam<std::string> {
protected:
    void expect_none(backend::Precision precision) {
        const Golden golden(GetParam());
        const auto network =
            model::build_network(model_type_of(GetParam()), golden.config(), golden.weights());
        const backend::CpuBackend backend({.threads = 2, .precision = precision});
        const auto executable = backend.compile(network.graph, backend.plan(network.graph));
        const std::vector<float> input = golden.tensor("input");
        std::vector<std::vector<float>> results;
        for (const graph::TensorId output : network.graph.outputs())
            results.emplace_back(graph::elements(network.graph.shape(output)));
        const std::vector<std::span<const float>> inputs = {input};
        const std::vector<std::span<float>> outputs(results.begin(), results.end());
        double last = 0;
        const graph::RunControl control{.stop = {},
                                        .on_progress = [&last](double fraction) { last = fraction; }};
        {
            const Counting counting;
            executable->run(inputs, outputs, control);
        }
        EXPECT_EQ(last, 1);
        EXPECT_EQ(our_calls, 0) << "the first was called from " << place_of(first_caller);
        RecordProperty("onednn_calls", std::to_string(onednn_calls));
    }
};

TEST_P(Allocations, ARunMakesNone) {
    expect_none(backend::Precision::float32);
}

TEST_P(Allocations, ARunInBfloat16MakesNone) {
    if (!backend::CpuBackend::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
    expect_none(backend::Precision::bfloat16);
}

TEST(CountedAllocations, AreSeen) {
    const Counting counting;
    const auto number = std::make_unique<int>(1);

    EXPECT_EQ(our_calls, 1);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Allocations, ::testing::ValuesIn(golden_cases()), [](const auto& test) {
    std::string name = test.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace msst
