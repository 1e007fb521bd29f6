// Operations that only put numbers elsewhere.
#include <algorithm>
#include <cstring>

#include "backend/cpu/kernel.h"
#include "backend/cpu/onednn.h"

namespace msst::backend::cpu {
namespace {

// Which gathered rows belong to each row, one row after another.
struct Sources {
    std::vector<int64_t> first;  // per row, and one past the last
    std::vector<int64_t> gathered;
};

Sources sources_of(const graph::ScatterMean& op) {
    Sources sources{std::vector<int64_t>(op.rows + 1, 0), std::vector<int64_t>(op.indices.size())};
    for (const int64_t index : op.indices) ++sources.first[index + 1];
    for (int64_t row = 0; row < op.rows; ++row) sources.first[row + 1] += sources.first[row];
    std::vector<int64_t> next = sources.first;
    for (size_t i = 0; i < op.indices.size(); ++i)
        sources.gathered[next[op.indices[i]]++] = static_cast<int64_t>(i);
    return sources;
}

}  // namespace

std::unique_ptr<Kernel> make(const graph::Concat& op, const KernelContext& c) {
    struct Part {
        std::byte* from;
        std::byte* to;
        std::shared_ptr<Reorder> copy;  // rows into part of the output's rows
    };
    int64_t rows = 1;
    for (int axis = 0; axis < op.axis; ++axis) rows *= c.output_shape()[axis];
    const int64_t width = graph::elements(c.output_shape()) / rows;
    std::vector<Part> parts;
    int64_t at = 0;
    for (int i = 0; i < std::ssize(c.inputs); ++i) {
        const int64_t count = graph::elements(c.shape(i)) / rows;
        const dnnl::memory::dims sizes = {rows, count};
        const dnnl::memory::desc from(sizes, type_of(c.inputs[i].storage), dnnl::memory::dims{count, 1});
        const dnnl::memory::desc to(sizes, type_of(c.output.storage), dnnl::memory::dims{width, 1});
        parts.push_back({c.inputs[i].data, c.output.at(at).data, std::make_shared<Reorder>(from, to)});
        at += count;
    }
    return make_loop([parts] {
        for (const Part& part : parts) part.copy->run(part.from, part.to);
    });
}

std::unique_ptr<Kernel> make(const graph::Permute& op, const KernelContext& c) {
    const dnnl::memory::dims& sizes = c.output_shape();
    const dnnl::memory::data_type type = type_of(c.output.storage);
    dnnl::memory::dims dense(sizes.size(), 1);
    for (size_t axis = sizes.size(); axis-- > 1;) dense[axis - 1] = dense[axis] * sizes[axis];
    const auto reorder =
        std::make_shared<Reorder>(dnnl::memory::desc(sizes, type, op.input_strides(c.shape(0))),
                                  dnnl::memory::desc(sizes, type, dense));
    return make_loop([reorder, x = c.inputs[0], y = c.output] { reorder->run(x.data, y.data); });
}

std::unique_ptr<Kernel> make(const graph::Pad& op, const KernelContext& c) {
    graph::Shape from = c.shape(0);
    graph::Shape to = c.output_shape();
    graph::Shape begin = op.begin;
    // Axes behind the last padded one are part of its row.
    while (to.size() > 1 && begin.back() == 0 && to.back() == from.back()) {
        const int64_t inner = to.back();
        for (graph::Shape* shape : {&from, &to, &begin}) {
            shape->pop_back();
            shape->back() *= inner;
        }
    }
    const int64_t width = to.back();
    const int64_t zeros = std::clamp<int64_t>(begin.back(), 0, width);
    const int64_t first = std::max<int64_t>(-begin.back(), 0);
    const int64_t count = std::clamp<int64_t>(from.back() - first, 0, width - zeros);
    return make_loop([begin, from, to, width, zeros, first, count, rows = graph::elements(to) / width,
                      threads = c.threads, x = c.floats(0), y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < rows; ++row) {
            int64_t rest = row;
            int64_t at = 0;
            int64_t stride = from.back();
            bool is_inside = true;
            for (size_t axis = to.size() - 1; axis-- > 0; rest /= to[axis], stride *= from[axis]) {
                const int64_t place = rest % to[axis] - begin[axis];
                is_inside = is_inside && place >= 0 && place < from[axis];
                at += place * stride;
            }
            float* out = y + row * width;
            std::fill_n(out, width, 0.0f);
            if (is_inside) std::copy_n(x + at + first, count, out + zeros);
        }
    });
}

std::unique_ptr<Kernel> make(const graph::Slice& op, const KernelContext& c) {
    const graph::Shape& shape = c.shape(0);
    int64_t before = 1;
    int64_t after = 1;
    for (int axis = 0; axis < op.axis; ++axis) before *= shape[axis];
    for (size_t axis = op.axis + 1; axis < shape.size(); ++axis) after *= shape[axis];
    const int64_t stride = shape[op.axis] * after;
    return make_loop([before, stride, count = op.count * after, threads = c.threads,
                      x = c.floats(0) + op.first * after, y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
        for (int64_t i = 0; i < before; ++i) std::copy_n(x + i * stride, count, y + i * count);
    });
}

std::unique_ptr<Kernel> make(const graph::Gather& op, const KernelContext& c) {
    const graph::Shape& shape = c.shape(0);
    return make_loop([indices = op.indices, blocks = shape[0], rows = shape[1], width = shape[2],
                      threads = c.threads, x = c.floats(0), y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
        for (int64_t block = 0; block < blocks; ++block) {
            float* to = y + block * std::ssize(indices) * width;
            for (const int64_t index : indices)
                to = std::copy_n(x + (block * rows + index) * width, width, to);
        }
    });
}

std::unique_ptr<Kernel> make(const graph::ScatterMean& op, const KernelContext& c) {
    const graph::Shape& shape = c.shape(0);
    return make_loop([sources = sources_of(op), rows = op.rows, blocks = shape[0], gathered = shape[1],
                      width = shape[2], threads = c.threads, x = c.floats(0), y = c.output.floats()] {
#pragma omp parallel for num_threads(threads)
        for (int64_t block = 0; block < blocks; ++block)
            for (int64_t row = 0; row < rows; ++row) {
                float* to = y + (block * rows + row) * width;
                std::fill_n(to, width, 0.0f);
                const int64_t count = sources.first[row + 1] - sources.first[row];
                for (int64_t s = sources.first[row]; s < sources.first[row + 1]; ++s) {
                    const float* from = x + (block * gathered + sources.gathered[s]) * width;
                    for (int64_t i = 0; i < width; ++i) to[i] += from[i];
                }
                for (int64_t i = 0; count > 1 && i < width; ++i) to[i] /= static_cast<float>(count);
            }
    });
}

}  // namespace msst::backend::cpu
