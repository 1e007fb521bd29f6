#include "http/chunk_decoder.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace msst::http {
namespace {

constexpr size_t kMaxExtraBytes = 16 * 1024;
constexpr int kMaxSizeDigits = 15;  // no size overflows

[[noreturn]] void refuse_chunk(const char* message) {
    throw Error(ErrorCode::invalid_input, message, "invalid_request");
}

bool is_text(char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

}  // namespace

std::string_view ChunkDecoder::next(std::string_view& input, size_t max_bytes) {
    while (!input.empty() && state_ != State::done) {
        if (state_ != State::data) {
            take(input.front());
            input.remove_prefix(1);
            continue;
        }
        const std::string_view piece = input.substr(0, std::min<uint64_t>(left_, max_bytes));
        input.remove_prefix(piece.size());
        left_ -= piece.size();
        if (left_ == 0) state_ = State::data_cr;
        return piece;
    }
    return {};
}

void ChunkDecoder::count_extra() {
    if (++extra_bytes_ > kMaxExtraBytes) refuse_chunk("the chunk extensions and trailers are too long");
}

void ChunkDecoder::take_size(char c) {
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (++digits_ > kMaxSizeDigits) refuse_chunk("a chunk size has too many digits");
        left_ = left_ * 16 + static_cast<uint64_t>(digit);
        state_ = State::size;
        return;
    }
    if (digits_ == 0) refuse_chunk("a chunk does not begin with its size");
    if (c == ';')
        state_ = State::extension;
    else if (c == '\r')
        state_ = State::size_lf;
    else
        refuse_chunk("a chunk size is not a hexadecimal number");
}

void ChunkDecoder::take(char c) {
    const auto expect = [&](char wanted, State following) {
        if (c != wanted) refuse_chunk("a line of the chunked body does not end with CR LF");
        state_ = following;
    };
    switch (state_) {
        case State::size_begin:
        case State::size:
            return take_size(c);
        case State::extension:
            count_extra();
            if (c == '\r')
                state_ = State::size_lf;
            else if (!is_text(c))
                refuse_chunk("a chunk extension has a control character");
            return;
        case State::size_lf:
            expect('\n', left_ > 0 ? State::data : State::trailer_begin);
            digits_ = 0;
            return;
        case State::data_cr:
            return expect('\r', State::data_lf);
        case State::data_lf:
            return expect('\n', State::size_begin);
        case State::trailer_begin:
        case State::trailer:
            count_extra();
            if (c == '\r')
                state_ = state_ == State::trailer ? State::trailer_lf : State::end_lf;
            else if (is_text(c))
                state_ = State::trailer;
            else
                refuse_chunk("a trailer has a control character");
            return;
        case State::trailer_lf:
            return expect('\n', State::trailer_begin);
        case State::end_lf:
            return expect('\n', State::done);
        case State::data:
        case State::done:
            return;
    }
}

}  // namespace msst::http
