#pragma once

#include <array>
#include <vector>

#include "backend/cpu/panels.h"
#include "graph/shape.h"

namespace msst::backend::cpu {

// A 3 x 3 convolution of float32 with channels last by Winograd's F(2 x 2, 3 x 3) (Lavin and Gray, "Fast
// algorithms for convolutional neural networks", 2016): four pixels of the result for sixteen products
// instead of 36.
class WinogradConvolution {
public:
    struct Shape {
        graph::Shape x;       // [n, h, w, in]
        graph::Shape weight;  // [out, in, kernel h, kernel w]
        graph::Shape y;       // [n, h', w', out]
        std::array<int64_t, 2> strides = {1, 1};
        std::array<int64_t, 2> begin = {0, 0};  // padding
    };

    static constexpr int64_t kFactors = 16;      // products for a square of 2 x 2 pixels
    static constexpr int64_t kMostSquares = 48;  // of a task

    // Whether there is nothing faster on this processor.
    static bool is_worth_it(const Shape& shape);

    // weight and bias [out] are copied; bias may be null.
    WinogradConvolution(const Shape& shape, const float* weight, const float* bias);

    // The output is made in tasks, which may run at the same time.
    int64_t tasks() const { return shape_.x[0] * blocks_.down() * blocks_.across(); }

    // Adds residual, [n, h', w', out], which may be y, if it is not null. memory: task_bytes() of the task's
    // own.
    void run(int64_t task, const float* x, const float* residual, float* y, std::byte* memory) const;

    static int64_t task_bytes(const Shape& shape);

    // Of the weights as they are kept.
    static int64_t weight_bytes(const Shape& shape);

    // Squares of 2 x 2 pixels of y; a task has a block of them.
    struct Blocks {
        explicit Blocks(const Shape& shape);

        int64_t squares_down = 0;
        int64_t squares_across = 0;
        int64_t height = 0;  // of a block, in squares
        int64_t width = 0;

        int64_t down() const { return (squares_down + height - 1) / height; }
        int64_t across() const { return (squares_across + width - 1) / width; }
    };

    // Part of the output, in squares.
    struct Task {
        int64_t sample = 0;
        int64_t row = 0;
        int64_t column = 0;
        int64_t rows = 0;
        int64_t columns = 0;
    };

    const Shape& shape() const { return shape_; }
    const std::byte* panels() const { return panels_.data(); }
    const float* bias() const { return bias_.data(); }

private:
    Shape shape_;
    Blocks blocks_;
    PanelMemory panels_;       // [panels, 16 products, in, columns of a tile]
    std::vector<float> bias_;  // up to a whole panel
};

}  // namespace msst::backend::cpu
