// oneDNN 2.6 has no good convolution of nhwc tensors for processors without AVX-512: kernels larger than
// 1 x 1 run at a third to a half of a product's speed, transposed ones are products with a scatter behind.
//
// With the channels last, the positions under a kernel row lie together, so an output row is the product of a
// row that lies in x as it is with packed weights, once for each kernel row. A transposed convolution is the
// same for every remainder of the output position by the stride, with the kernel's every stride'th column.
// Blocks of rows go through all panels of channels while their x stays in the second-level cache.
//
// One core of a Zen 3 (AVX2), float32, a product at 72 GFLOP/s, htdemucs' sizes: oneDNN convolves 3 x 3 at 23
// to 41 and the transposed 8 x 1 at 5 to 15 GFLOP/s (docs/performance/htdemucs.md has all of it). By this
// file the whole network runs at 0.69 of a product's speed.
//
// With AVX-512 oneDNN convolves nhwc tensors well, but its transposed convolution of bfloat16 takes an
// instruction for every 2.7 operations, where a product takes one for 85. So those are done here, two numbers
// a step. With AMX oneDNN has another kernel for them, whose speed is not known. Long lines of few channels
// are done here as well: for 121275 positions oneDNN's brgconv keeps 30 MB of descriptions and 126 MB of
// kernels where it makes 6 channels of 48, 161 MB where it makes 48 of 2; htdemucs has five of these.
#include "backend/cpu/direct_convolution.h"

#include <algorithm>
#include <cstring>

#include <omp.h>

#include "backend/cpu/matrix_product.h"

namespace msst::backend::cpu {
namespace {

constexpr int64_t kBlockBytes = 128 << 10;  // of x under a block
constexpr int64_t kMostBlockRows = 40 * kDirectRows;
constexpr int64_t kStepBytes = 4;

// Of every stretch of positions; a step takes two numbers in bfloat16.
bool has_whole_steps(const ConvolutionShape& s) {
    return s.x[1] % 2 == 0 || (s.is_transposed && s.weight[3] % (2 * s.strides[1]) == 0);
}

bool is_long_and_narrow(const ConvolutionShape& s) {
    return !s.is_transposed && std::min(s.x[1], s.y[1]) <= 16 && s.y[3] > 4096;
}

}  // namespace

bool DirectConvolution::suits(const ConvolutionShape& s) {
    const bool is_followed =
        s.activation.kind == graph::Activation::none || s.activation.kind == graph::Activation::gelu;
    if (s.groups != 1 || !is_followed) return false;
    if (s.x_storage == Storage::bfloat16)
        return has_native_bfloat16() && has_whole_steps(s) &&
               ((s.is_transposed && !has_amx()) || is_long_and_narrow(s));
    return s.y_storage == Storage::float32 && (!has_avx512() || is_long_and_narrow(s));
}

DirectConvolution::DirectConvolution(const ConvolutionShape& shape, const float* weight, const float* bias,
                                     int threads)
    : shape_(shape),
      threads_(threads),
      in_(shape.x[1]),
      pixel_bytes_(shape.x[1] * size_of(shape.x_storage)),
      out_(shape.y[1]),
      panel_columns_(direct_vectors() * direct_lanes()),
      lanes_(threads) {
    panel_channels_ = shape_.is_gated ? panel_columns_ / 2 : panel_columns_;
    panels_ = (out_ + panel_channels_ - 1) / panel_channels_;
    bias_.assign(panels_ * panel_columns_, 0.0f);
    for (int64_t i = 0; bias && i < std::ssize(bias_); ++i) {
        const int64_t channel = channel_of(i / panel_columns_, i % panel_columns_);
        if (channel >= 0) bias_[i] = bias[channel];
    }
    if (shape_.is_transposed)
        phases_ = make_transposed_phases();
    else
        phases_.push_back(make_forward_phase());
    int64_t patch = 0;
    for (Phase& phase : phases_) {
        pack(phase, weight);
        choose_block(phase);
        patch = std::max(patch, patch_bytes(phase));
    }
    for (Lane& lane : lanes_) {
        lane.patch.resize(patch);
        lane.spans.reserve(shape_.weight[2] * shape_.weight[3]);
        lane.lines.reserve(shape_.weight[2]);
        lane.kernel_rows.reserve(shape_.weight[2]);
    }
}

DirectConvolution::Phase DirectConvolution::make_forward_phase() const {
    Phase phase;
    phase.rows = shape_.y[3];
    phase.x_first = -shape_.begin[1];
    phase.x_step = shape_.strides[1];
    const int64_t columns = shape_.weight[3];
    for (int64_t column = 0; column < columns; ++column) {
        if (column == 0 || shape_.dilations[1] > 1)
            phase.stretches.push_back({column * shape_.dilations[1], {}});
        phase.stretches.back().columns.push_back(column);
    }
    return phase;
}

std::vector<DirectConvolution::Phase> DirectConvolution::make_transposed_phases() const {
    const int64_t stride = shape_.strides[1];
    std::vector<Phase> phases;
    for (int64_t rest = 0; rest < stride; ++rest) {
        Phase phase;
        // Output position o = y + crop is stride * q + rest and sees x at q, q - 1, …
        phase.y_first = ((rest - shape_.begin[1]) % stride + stride) % stride;
        if (phase.y_first >= shape_.y[3]) continue;
        phase.rows = (shape_.y[3] - phase.y_first + stride - 1) / stride;
        phase.y_step = stride;
        Stretch stretch{0, {}};
        for (int64_t column = rest; column < shape_.weight[3]; column += stride)
            stretch.columns.insert(stretch.columns.begin(), column);
        phase.x_first = (phase.y_first + shape_.begin[1]) / stride - (std::ssize(stretch.columns) - 1);
        if (!stretch.columns.empty()) phase.stretches.push_back(std::move(stretch));
        phases.push_back(std::move(phase));
    }
    return phases;
}

// The weight's first axis for a column of a panel; -1: none.
int64_t DirectConvolution::channel_of(int64_t panel, int64_t column) const {
    int64_t channel = panel * panel_channels_ + column;
    if (shape_.is_gated) {
        const int64_t half = vectors_of(panel) * direct_lanes() / 2;
        const bool is_gate = column >= half;
        channel = panel * panel_channels_ + column % half;
        if (channel >= out_) return -1;
        return is_gate ? out_ + channel : channel;
    }
    return channel < out_ ? channel : -1;
}

int64_t DirectConvolution::weight_at(int64_t out, int64_t in, int64_t row, int64_t column) const {
    const graph::Shape& w = shape_.weight;
    const int64_t first = shape_.is_transposed ? in * w[1] + out : out * w[1] + in;
    return (first * w[2] + row) * w[3] + column;
}

// The last panel may be narrower.
int64_t DirectConvolution::vectors_of(int64_t panel) const {
    if (shape_.is_gated) return direct_vectors();
    const int64_t channels = std::min(panel_channels_, out_ - panel * panel_channels_);
    return (channels + direct_lanes() - 1) / direct_lanes();
}

int64_t DirectConvolution::steps_of(const Stretch& stretch) const {
    return std::ssize(stretch.columns) * pixel_bytes_ / kStepBytes;
}

void DirectConvolution::pack(Phase& phase, const float* weight) const {
    for (const Stretch& stretch : phase.stretches) phase.steps += steps_of(stretch);
    const int64_t kernel_rows = shape_.weight[2];
    phase.weights = PanelMemory(panels_ * panel_columns_ * kernel_rows * phase.steps * kStepBytes);
    std::byte* to = phase.weights.data();
    for (int64_t panel = 0; panel < panels_; ++panel) {
        const int64_t columns = vectors_of(panel) * direct_lanes();
        for (int64_t row = 0; row < kernel_rows; ++row, to += phase.steps * columns * kStepBytes)
            for (int64_t column = 0; column < columns; ++column)
                if (const int64_t channel = channel_of(panel, column); channel >= 0)
                    pack_column(phase, weight, channel, row, to + column * kStepBytes, columns * kStepBytes);
    }
}

// What a channel of y multiplies a kernel row's positions with.
void DirectConvolution::pack_column(const Phase& phase, const float* weight, int64_t channel,
                                    int64_t kernel_row, std::byte* to, int64_t stride_bytes) const {
    std::vector<float> factors;
    for (const Stretch& stretch : phase.stretches)
        for (const int64_t column : stretch.columns)
            for (int64_t in = 0; in < in_; ++in)
                factors.push_back(weight[weight_at(channel, in, kernel_row, column)]);
    cpu::pack_column(factors, shape_.x_storage, to, stride_bytes);
}

void DirectConvolution::choose_block(Phase& phase) const {
    const int64_t row_bytes = shape_.weight[2] * pixel_bytes_ * phase.x_step;
    phase.block_rows =
        std::clamp(kBlockBytes / row_bytes / kDirectRows * kDirectRows, kDirectRows, kMostBlockRows);
}

// Memory for all tiles of a block that reach over an end of the line.
int64_t DirectConvolution::patch_bytes(const Phase& phase) const {
    int64_t most = 0;
    for (int64_t first = 0; first < phase.rows; first += phase.block_rows) {
        const int64_t end = std::min(first + phase.block_rows, phase.rows);
        int64_t tiles = 0;
        for (int64_t row = first; row < end; row += kDirectRows) tiles += is_inside(phase, row) ? 0 : 1;
        most = std::max(most, tiles);
    }
    return most * kDirectRows * shape_.weight[2] * phase.steps * kStepBytes;
}

// Which lines of x an output line sees, and through which kernel rows.
void DirectConvolution::find_lines(Buffer x, int64_t sample, int64_t line, Lane& lane) const {
    lane.lines.clear();
    lane.kernel_rows.clear();
    const int64_t height = shape_.x[2];
    const int64_t line_bytes = shape_.x[3] * pixel_bytes_;
    const auto use = [&](int64_t kernel_row, int64_t x_line) {
        if (x_line < 0 || x_line >= height) return;
        lane.kernel_rows.push_back(kernel_row);
        lane.lines.push_back(x.data + (sample * height + x_line) * line_bytes);
    };
    const int64_t stride = shape_.strides[0];
    if (!shape_.is_transposed) {
        for (int64_t row = 0; row < shape_.weight[2]; ++row)
            use(row, line * stride - shape_.begin[0] + row * shape_.dilations[0]);
        return;
    }
    const int64_t at = line + shape_.begin[0];
    for (int64_t row = at % stride; row < shape_.weight[2]; row += stride) use(row, (at - row) / stride);
}

// Whether the kDirectRows rows from `row` on exist and see nothing but x.
bool DirectConvolution::is_inside(const Phase& phase, int64_t row) const {
    if (row + kDirectRows > phase.rows) return false;
    const int64_t first = phase.x_first + row * phase.x_step;
    const int64_t last = first + (kDirectRows - 1) * phase.x_step;
    return std::ranges::all_of(phase.stretches, [&](const Stretch& stretch) {
        return first + stretch.offset >= 0 &&
               last + stretch.offset + std::ssize(stretch.columns) <= shape_.x[3];
    });
}

// What a tile at an edge sees, zeros where there is nothing: [kernel row, stretch][row, position, in].
void DirectConvolution::fill_patch(const Phase& phase, int64_t row, Lane& lane, std::byte* patch) const {
    for (const std::byte* line : lane.lines)
        for (const Stretch& stretch : phase.stretches)
            for (int64_t r = row; r < row + kDirectRows; ++r)
                for (int64_t i = 0; i < std::ssize(stretch.columns); ++i, patch += pixel_bytes_) {
                    const int64_t at = phase.x_first + r * phase.x_step + stretch.offset + i;
                    if (r < phase.rows && at >= 0 && at < shape_.x[3])
                        std::memcpy(patch, line + at * pixel_bytes_, pixel_bytes_);
                    else
                        std::memset(patch, 0, pixel_bytes_);
                }
}

// One panel of some rows, which all lie inside of x or are one tile with a patch.
void DirectConvolution::run_tiles(const Phase& phase, int64_t panel, int64_t row, int64_t rows,
                                  const std::byte* patch, Buffer y, Lane& lane) const {
    lane.spans.clear();
    const int64_t vectors = vectors_of(panel);
    const int64_t step_bytes = vectors * direct_lanes() * kStepBytes;
    const std::byte* weights =
        phase.weights.data() + panel * panel_columns_ * shape_.weight[2] * phase.steps * kStepBytes;
    for (size_t t = 0; t < lane.lines.size(); ++t) {
        const std::byte* weight = weights + lane.kernel_rows[t] * phase.steps * step_bytes;
        for (const Stretch& stretch : phase.stretches) {
            const int64_t steps = steps_of(stretch);
            if (patch) {
                lane.spans.push_back({patch, steps * kStepBytes, weight, steps});
                patch += kDirectRows * steps * kStepBytes;
            } else {
                const int64_t at = phase.x_first + row * phase.x_step + stretch.offset;
                lane.spans.push_back(
                    {lane.lines[t] + at * pixel_bytes_, phase.x_step * pixel_bytes_, weight, steps});
            }
            weight += steps * step_bytes;
        }
    }
    const int64_t channel = panel * panel_channels_;
    direct_panel({.spans = lane.spans,
                  .factors = shape_.x_storage,
                  .rows = rows,
                  .tile_stride = kDirectRows * phase.x_step * pixel_bytes_,
                  .vectors = vectors,
                  .bias = bias_.data() + panel * panel_columns_,
                  .is_gelu = shape_.activation.kind == graph::Activation::gelu,
                  .is_gated = shape_.is_gated,
                  .accumulates = shape_.accumulates,
                  .y = y.at((phase.y_first + row * phase.y_step) * out_ + channel),
                  .y_stride = phase.y_step * out_,
                  .channels = std::min(panel_channels_, out_ - channel)});
}

void DirectConvolution::run_block(const Phase& phase, Buffer x, Buffer y, int64_t sample, int64_t line,
                                  int64_t first, Lane& lane) const {
    find_lines(x, sample, line, lane);
    y = y.at((sample * shape_.y[2] + line) * shape_.y[3] * out_);
    const int64_t end = std::min(first + phase.block_rows, phase.rows);
    const int64_t tile_bytes = kDirectRows * std::ssize(lane.lines) * phase.steps * kStepBytes;
    std::byte* patch = lane.patch.data();
    for (int64_t row = first; row < end; row += kDirectRows)
        if (!is_inside(phase, row)) {
            fill_patch(phase, row, lane, patch);
            patch += tile_bytes;
        }
    for (int64_t panel = 0; panel < panels_; ++panel) {
        const std::byte* edge = lane.patch.data();
        for (int64_t row = first; row < end;) {
            if (!is_inside(phase, row)) {
                run_tiles(phase, panel, row, std::min(kDirectRows, end - row), edge, y, lane);
                edge += tile_bytes;
                row += kDirectRows;
                continue;
            }
            int64_t next = row;
            while (next < end && is_inside(phase, next)) next += kDirectRows;
            run_tiles(phase, panel, row, next - row, /*patch=*/nullptr, y, lane);
            row = next;
        }
    }
}

void DirectConvolution::run(Buffer x, Buffer y, const std::stop_token& stop) {
    const int64_t lines = shape_.y[0] * shape_.y[2];
    for (const Phase& phase : phases_) {
        const int64_t blocks = (phase.rows + phase.block_rows - 1) / phase.block_rows;
#pragma omp parallel for schedule(dynamic) num_threads(threads_)
        for (int64_t job = 0; job < lines * blocks; ++job) {
            if (stop.stop_requested()) continue;
            const int64_t line = job / blocks;
            run_block(phase, x, y, line / shape_.y[2], line % shape_.y[2], job % blocks * phase.block_rows,
                      lanes_[omp_get_thread_num()]);
        }
    }
}

}  // namespace msst::backend::cpu
