#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// The chunked transfer coding (RFC 9112, 7.1), read strictly.

namespace msst::http {

class ChunkDecoder {
public:
    // Takes bytes from the front of `input` up to the end of the next piece of data of at most `max_bytes`,
    // and returns that piece, a part of the input. Empty: the input is used up, or the body is at its end.
    // Trailers are read and dropped. Throws Error(invalid_input, "invalid_request") for wrong framing and for
    // too long extensions and trailers.
    std::string_view next(std::string_view& input, size_t max_bytes);

    bool is_done() const { return state_ == State::done; }

private:
    enum class State {
        size_begin,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_begin,
        trailer,
        trailer_lf,
        end_lf,
        done
    };

    void take(char c);
    void take_size(char c);
    void count_extra();

    State state_ = State::size_begin;
    uint64_t left_ = 0;  // of the chunk
    int digits_ = 0;
    size_t extra_bytes_ = 0;  // of extensions and trailers
};

}  // namespace msst::http
