#pragma once

#include <memory>
#include <span>

#include "backend/cpu/storage.h"
#include "graph/activation.h"

namespace msst::backend::cpu {

// y = activation(x weight^T + bias), or y += x weight^T + bias, with the weight packed once: by oneDNN, or
// by row_product.h where that is faster.
struct ProductShape {
    int64_t rows = 0;  // per call, at most
    int64_t in = 0;
    int64_t out = 0;
    int64_t x_stride = 0;  // elements between the starts of two rows
    int64_t y_stride = 0;
    Storage x_storage = Storage::float32;
    Storage y_storage = Storage::float32;
    graph::Activation activation = graph::Activation::none;
    bool has_bias = false;
    bool accumulates = false;  // adds to what y holds; y is float32 and activation none
};

// Memory that a call works in, of a product that is prepared by this thread, in its ThreadSettings.
int64_t product_scratch_bytes(const ProductShape& shape, int64_t total_rows);

class PackedProduct {
public:
    // weight [out, in], bias [out] or empty; both are copied. total_rows: how many rows there are in all, so
    // that the last, smaller call is prepared too. scratch: product_scratch_bytes(), 64 aligned, which
    // products that never run at the same time may share; null: the product has its own.
    PackedProduct(const ProductShape& shape, int64_t total_rows, const float* weight, const float* bias,
                  std::byte* scratch = nullptr);
    ~PackedProduct();
    PackedProduct(PackedProduct&&) noexcept;

    // count rows: shape.rows, or total_rows % shape.rows.
    void run(Buffer x, Buffer y, int64_t count);

private:
    struct Prepared;
    std::unique_ptr<Prepared> prepared_;
};

// y = x w for many small matrices in a row, both computed; every thread has its own. Row-major, dense rows.
struct BatchShape {
    int64_t batch = 1;
    int64_t rows = 0;
    int64_t inner = 0;
    int64_t columns = 0;
    int64_t x_stride = 0;  // elements between the rows of x; a matrix is rows * stride
    int64_t w_stride = 0;
    int64_t y_stride = 0;
    bool is_w_transposed = false;        // w is [columns, inner]
    Storage storage = Storage::float32;  // of x and w; y is float32
};

class BatchProduct {
public:
    explicit BatchProduct(const BatchShape& shape);
    ~BatchProduct();
    BatchProduct(BatchProduct&&) noexcept;

    // Memory for run(): one piece for each thread.
    int64_t scratch_bytes() const;

    // Prepares a thread's call on fixed addresses; the result may be run by that thread only.
    class Call {
    public:
        ~Call();
        Call(Call&&) noexcept;
        void run();

    private:
        friend class BatchProduct;
        Call();
        struct State;
        std::unique_ptr<State> state_;
    };
    Call bind(Buffer x, Buffer w, float* y, std::byte* scratch) const;

private:
    struct Prepared;
    std::unique_ptr<Prepared> prepared_;
};

// What oneDNN makes use of on this processor: native bfloat16 products, in tiles of AMX too, 512 bits.
bool has_native_bfloat16();
bool has_amx();
bool has_avx512();

}  // namespace msst::backend::cpu
