#pragma once

#include <array>
#include <vector>

#include "backend/cpu/panels.h"
#include "backend/cpu/storage.h"
#include "graph/shape.h"

namespace msst::backend::cpu {

// A convolution of float32 with channels last by our own tile of registers: for processors where oneDNN is
// slow at it.
class PatchConvolution {
public:
    struct Shape {
        graph::Shape x;       // [n, h, w, in]
        graph::Shape weight;  // [out, in, kernel h, kernel w]
        graph::Shape y;       // [n, h', w', out]
        std::array<int64_t, 2> strides = {1, 1};
        std::array<int64_t, 2> begin = {0, 0};  // padding
    };

    // Whether oneDNN is slower at it on this processor.
    static bool is_worth_it(const Shape& shape);

    // weight and bias [out] are copied; bias may be null.
    PatchConvolution(const Shape& shape, const float* weight, const float* bias);

    // The output is made in tasks, which may run at the same time.
    int64_t tasks() const { return shape_.x[0] * row_blocks() * pixel_blocks(); }

    // Adds residual, [n, h', w', out], which may be y, if it is not null. memory: task_bytes() of the task's
    // own.
    void run(int64_t task, const float* x, const float* residual, float* y, std::byte* memory) const;

    static int64_t task_bytes(const Shape& shape) { return Patch(shape).bytes(); }

    // What a task reads of x, for some pixels of some rows of y, in memory of its own: with zeros where x
    // ends.
    struct Patch {
        explicit Patch(const Shape& shape);

        int64_t y_rows = 1;
        int64_t y_pixels = 0;  // of a row
        int64_t x_rows = 0;
        int64_t x_pixels = 0;
        int64_t pixel_bytes = 0;

        int64_t row_bytes() const { return x_pixels * pixel_bytes; }
        int64_t bytes() const;
    };

    // Part of the output.
    struct Task {
        int64_t sample = 0;
        int64_t row = 0;
        int64_t pixel = 0;
        int64_t rows = 0;
        int64_t pixels = 0;
    };

    const Shape& shape() const { return shape_; }
    const Patch& patch() const { return patch_; }
    int64_t steps() const { return shape_.weight[1] * shape_.weight[2] * shape_.weight[3]; }
    const std::byte* panels() const { return panels_.data(); }
    const float* bias() const { return bias_.data(); }

private:
    int64_t row_blocks() const { return (shape_.y[1] + patch_.y_rows - 1) / patch_.y_rows; }
    int64_t pixel_blocks() const { return (shape_.y[2] + patch_.y_pixels - 1) / patch_.y_pixels; }
    Task task(int64_t index) const;
    void fill(const Task& task, const float* x, std::byte* patch) const;

    Shape shape_;
    Patch patch_;
    PanelMemory panels_;       // [panels, kernel h, kernel w, in, columns of a tile]
    std::vector<float> bias_;  // up to a whole panel
};

}  // namespace msst::backend::cpu
