// Compiled once per instruction set: Highway includes this file again for each.
//
// What a row of the kernel sees of a row of x lies together, for one pixel after the other: the rows of a
// product, one pixel apart. So a patch of x, with zeros where x ends, is all that is ever copied, and a part
// of a panel of weights is used for the whole patch before the next one is looked at.
//
// One core with AVX2 (512 kB of second-level cache), float32, processor time beside other work, share of the
// product that counts as the peak; out of 16 x 1024 pixels, or fewer where there are more channels:
//
//                                     oneDNN 2.6.3   whole panels   parts of 1152 steps
//   3 x 3, 128 to 128 channels            0.27           0.83            0.85 - 0.91
//   3 x 3, 256 to 256                     0.43           0.65            0.75 - 1.01
//   3 x 3, 256 to 128                     0.26           0.88            0.82 - 0.86
//   3 x 3, 640 to 640                     0.78           0.39            0.46 - 0.68
//   2 x 2 with stride 2, 128 to 256       0.17           0.78
//   1 x 1, 256 to 128                     0.62           0.59            0.56 - 0.75
//
// Many channels and 1 x 1 are left to oneDNN, and everything with AVX-512, where it is at 1.08.
#include "backend/cpu/patch_convolution.h"

#include <algorithm>
#include <cstring>

#include "backend/cpu/vector_kernels.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/patch_convolution.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

// Some steps of the products of a panel, with all pixels of a task.
struct PanelPart {
    int64_t first_channel = 0;
    int64_t x_offset = 0;  // bytes
    const std::byte* weights = nullptr;
    Stretches stretches;
    const float* summand = nullptr;  // [n, h', w', out], null: nothing
    bool is_last = false;
};

HWY_INLINE void multiply_part(const PatchConvolution& c, const PatchConvolution::Task& task,
                              const std::byte* x, const PanelPart& part, float* y) {
    const PatchConvolution::Shape& s = c.shape();
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t out = s.y[3];
    const int64_t x_stride = s.strides[1] * c.patch().pixel_bytes;
    const auto finish = [&](int64_t at, int64_t channel, Vector v, auto which) MSST_BODY {
        if (part.is_last) v = hn::Add(v, hn::LoadU(d, c.bias() + channel));
        if (part.summand) v = hn::Add(v, load_at<Float32>(bytes(part.summand), at, which));
        store_at<Float32>(v, reinterpret_cast<std::byte*>(y), at, which);
    };
    for (int64_t row = 0; row < task.rows; ++row) {
        const int64_t y_row = ((task.sample * s.y[1] + task.row + row) * s.y[2] + task.pixel) * out;
        const std::byte* x_row = x + row * s.strides[0] * c.patch().row_bytes() + part.x_offset;
        for (int64_t pixel = 0; pixel < task.pixels; pixel += kTileRows)
            with_rows(task.pixels - pixel, [&](auto kRows) MSST_BODY {
                product_tile<FloatFactors, kTileVectors, kRows>(
                    x_row + pixel * x_stride, x_stride, part.weights, part.stretches,
                    [&](int64_t r, int64_t v, Vector sum) MSST_BODY {
                        const int64_t channel = part.first_channel + v * lanes;
                        if (pixel + r >= task.pixels || channel >= out) return;
                        const int64_t at = y_row + (pixel + r) * out + channel;
                        if (channel + lanes <= out)
                            finish(at, channel, sum, Whole());
                        else
                            finish(at, channel, sum, Part{out - channel});
                    });
            });
    }
}

// Panels in parts of so many steps at most that one stays in the first-level cache.
void ConvolvePatch(const PatchConvolution& c, const PatchConvolution::Task& task, const std::byte* x,
                   const float* residual, float* y) {
    constexpr int64_t kMostSteps = 384;
    const PatchConvolution::Shape& s = c.shape();
    const int64_t columns = kTileVectors * hn::Lanes(Floats());
    const int64_t stretch_steps = s.weight[1] * s.weight[3];
    const int64_t pieces = (stretch_steps + kMostSteps - 1) / kMostSteps;  // of a stretch
    const int64_t steps = (stretch_steps + pieces - 1) / pieces;
    const int64_t stretches = std::max<int64_t>(1, kMostSteps / stretch_steps);  // of a part
    for (int64_t first = 0; first < s.y[3]; first += columns) {
        PanelPart part;
        part.first_channel = first;
        part.weights = c.panels() + first * c.steps() * 4;
        part.summand = residual;
        for (int64_t stretch = 0; stretch < s.weight[2]; stretch += stretches)
            for (int64_t step = 0; step < stretch_steps; step += steps) {
                part.x_offset = stretch * c.patch().row_bytes() + step * 4;
                part.stretches.steps = std::min(steps, stretch_steps - step);
                part.stretches.count = std::min(stretches, s.weight[2] - stretch);
                part.stretches.stride = c.patch().row_bytes();
                part.is_last = stretch + stretches >= s.weight[2] && step + steps >= stretch_steps;
                multiply_part(c, task, x, part, y);
                part.weights += part.stretches.count * part.stretches.steps * columns * 4;
                part.summand = y;
            }
    }
}

int64_t ColumnsOfTile() {
    return kTileVectors * hn::Lanes(Floats());
}

int64_t LanesOfVector() {
    return hn::Lanes(Floats());
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {
namespace {

HWY_EXPORT(ColumnsOfTile);
HWY_EXPORT(LanesOfVector);

constexpr int64_t kTile = 6;                   // pixels
constexpr int64_t kMostPixels = 16 * kTile;    // of a patch
constexpr int64_t kPatchBytes = 320 << 10;     // with a part of a panel less than a second-level cache
constexpr int64_t kMostWeightBytes = 8 << 20;  // more of them come from too far away for each patch

int64_t panel_bytes(const PatchConvolution::Shape& s) {
    const int64_t columns = HWY_DYNAMIC_DISPATCH(ColumnsOfTile)();
    return (s.y[3] + columns - 1) / columns * columns * s.weight[1] * s.weight[2] * s.weight[3] * 4;
}

}  // namespace

PatchConvolution::Patch::Patch(const Shape& s) : pixel_bytes(s.x[3] * 4) {
    const auto resize = [&](int64_t rows, int64_t pixels) {
        y_rows = rows;
        y_pixels = std::min(pixels, s.y[2]);
        x_rows = (y_rows - 1) * s.strides[0] + s.weight[2];
        x_pixels = (y_pixels - 1) * s.strides[1] + s.weight[3];
        return x_rows * row_bytes() <= kPatchBytes;
    };
    int64_t pixels = kMostPixels;
    while (!resize(1, pixels) && pixels > 2 * kTile) pixels -= kTile;
    int64_t rows = 1;
    while (rows < s.y[1] && (rows + 1) * y_pixels <= kMostPixels && resize(rows + 1, pixels)) ++rows;
    resize(rows, pixels);
}

// A tile at the end reads more pixels than there are.
int64_t PatchConvolution::Patch::bytes() const {
    constexpr int64_t kLine = 64;
    return (x_rows * row_bytes() + kTile * (x_pixels / y_pixels + 1) * pixel_bytes + kLine - 1) / kLine *
           kLine;
}

bool PatchConvolution::is_worth_it(const Shape& s) {
    return HWY_DYNAMIC_DISPATCH(LanesOfVector)() < kLanes && s.weight[2] * s.weight[3] > 1 &&
           panel_bytes(s) <= kMostWeightBytes;
}

PatchConvolution::PatchConvolution(const Shape& shape, const float* weight, const float* bias)
    : shape_(shape),
      patch_(shape),
      panels_(panel_bytes(shape)),
      bias_(shape.y[3] + HWY_DYNAMIC_DISPATCH(ColumnsOfTile)()) {
    const int64_t columns = HWY_DYNAMIC_DISPATCH(ColumnsOfTile)();
    const int64_t in = shape.weight[1];
    const int64_t area = shape.weight[2] * shape.weight[3];
    if (bias) std::copy_n(bias, shape.y[3], bias_.begin());
    std::vector<float> column(steps());
    for (int64_t out = 0; out < shape.y[3]; ++out) {
        for (int64_t i = 0; i < in; ++i)
            for (int64_t k = 0; k < area; ++k) column[k * in + i] = weight[(out * in + i) * area + k];
        pack_column(column, Storage::float32,
                    panels_.data() + (out / columns * columns * steps() + out % columns) * 4, columns * 4);
    }
}

PatchConvolution::Task PatchConvolution::task(int64_t index) const {
    Task task;
    task.pixel = index % pixel_blocks() * patch_.y_pixels;
    task.row = index / pixel_blocks() % row_blocks() * patch_.y_rows;
    task.sample = index / pixel_blocks() / row_blocks();
    task.rows = std::min(patch_.y_rows, shape_.y[1] - task.row);
    task.pixels = std::min(patch_.y_pixels, shape_.y[2] - task.pixel);
    return task;
}

void PatchConvolution::fill(const Task& task, const float* x, std::byte* patch) const {
    const int64_t in = shape_.x[3];
    const int64_t width = shape_.x[2];
    const int64_t pixels = (task.pixels - 1) * shape_.strides[1] + shape_.weight[3];
    const int64_t first = task.pixel * shape_.strides[1] - shape_.begin[1];  // of x, may be before it
    const int64_t begin = std::clamp<int64_t>(-first, 0, pixels);            // in the patch
    const int64_t end = std::clamp<int64_t>(width - first, begin, pixels);
    for (int64_t row = 0; row < (task.rows - 1) * shape_.strides[0] + shape_.weight[2]; ++row) {
        const int64_t x_row = task.row * shape_.strides[0] - shape_.begin[0] + row;
        const bool is_inside = x_row >= 0 && x_row < shape_.x[1];
        float* to = reinterpret_cast<float*>(patch + row * patch_.row_bytes());
        std::fill_n(to, (is_inside ? begin : pixels) * in, 0.0f);
        if (!is_inside) continue;
        const float* from = x + ((task.sample * shape_.x[1] + x_row) * width + first + begin) * in;
        std::copy_n(from, (end - begin) * in, to + begin * in);
        std::fill_n(to + end * in, (pixels - end) * in, 0.0f);
    }
}

HWY_EXPORT(ConvolvePatch);

void PatchConvolution::run(int64_t index, const float* x, const float* residual, float* y,
                           std::byte* memory) const {
    const Task part = task(index);
    fill(part, x, memory);
    HWY_DYNAMIC_DISPATCH(ConvolvePatch)(*this, part, memory, residual, y);
}

}  // namespace msst::backend::cpu

#endif
