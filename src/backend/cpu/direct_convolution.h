#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "backend/cpu/direct_tile.h"
#include "backend/cpu/packed_convolution.h"
#include "backend/cpu/panels.h"

namespace msst::backend::cpu {

// Convolutions in both directions by our own register tile, with the channels last. Nothing is copied but the
// few rows at the ends of a line that reach into its padding.
class DirectConvolution {
public:
    // What this class can do, where it is faster than oneDNN or takes less memory: everything in float32 on
    // processors without AVX-512, transposed ones in bfloat16 on processors that multiply it in vectors, long
    // lines of few channels.
    static bool suits(const ConvolutionShape& shape);

    // weight and bias are copied; bias may be null without has_bias. `shape` as suits() wants it.
    DirectConvolution(const ConvolutionShape& shape, const float* weight, const float* bias, int threads);

    // x and y stored as the shape says. A stop leaves nonsense in y.
    void run(Buffer x, Buffer y, const std::stop_token& stop);

private:
    // Positions of x that follow each other, under some of the kernel's columns.
    struct Stretch {
        int64_t offset;                // from the first position of an output row
        std::vector<int64_t> columns;  // of the kernel, in the order of the positions
    };
    // Rows of an output line that see the same weights: all of them, or every stride'th of a transposed one.
    struct Phase {
        int64_t rows = 0;
        int64_t x_first = 0;  // position of x of the first row
        int64_t x_step = 1;
        int64_t y_first = 0;
        int64_t y_step = 1;
        std::vector<Stretch> stretches;
        PanelMemory weights{0};  // panel by panel; in it kernel row by kernel row, stretch, step, column
        int64_t steps = 0;       // of a kernel row
        int64_t block_rows = 0;  // rows that are done for all panels before the next ones
    };
    // What one thread works with.
    struct Lane {
        std::vector<std::byte> patch;
        std::vector<DirectSpan> spans;
        std::vector<const std::byte*> lines;  // of x, per used kernel row
        std::vector<int64_t> kernel_rows;
    };

    Phase make_forward_phase() const;
    std::vector<Phase> make_transposed_phases() const;
    void pack(Phase& phase, const float* weight) const;
    void pack_column(const Phase& phase, const float* weight, int64_t channel, int64_t kernel_row,
                     std::byte* to, int64_t stride_bytes) const;
    void choose_block(Phase& phase) const;
    int64_t patch_bytes(const Phase& phase) const;
    int64_t channel_of(int64_t panel, int64_t column) const;
    int64_t weight_at(int64_t out, int64_t in, int64_t row, int64_t column) const;
    int64_t vectors_of(int64_t panel) const;
    int64_t steps_of(const Stretch& stretch) const;
    void find_lines(Buffer x, int64_t sample, int64_t line, Lane& lane) const;
    bool is_inside(const Phase& phase, int64_t row) const;
    void run_block(const Phase& phase, Buffer x, Buffer y, int64_t sample, int64_t line, int64_t first,
                   Lane& lane) const;
    void fill_patch(const Phase& phase, int64_t row, Lane& lane, std::byte* patch) const;
    void run_tiles(const Phase& phase, int64_t panel, int64_t row, int64_t rows, const std::byte* patch,
                   Buffer y, Lane& lane) const;

    ConvolutionShape shape_;
    int threads_;
    int64_t in_;
    int64_t pixel_bytes_;  // of x
    int64_t out_;          // channels of y
    int64_t panels_;
    int64_t panel_channels_;   // of y in a whole panel
    int64_t panel_columns_;    // numbers that a whole panel is wide
    std::vector<float> bias_;  // panel by panel
    std::vector<Phase> phases_;
    std::vector<Lane> lanes_;
};

}  // namespace msst::backend::cpu
