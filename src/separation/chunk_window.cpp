#include "separation/chunk_window.h"

namespace msst::separation {

std::vector<float> make_chunk_window(int64_t chunk_frames, FadeIn fade_in, FadeOut fade_out) {
    std::vector<float> window(chunk_frames, 1.0f);
    const int64_t fade = chunk_frames / 10;
    for (int64_t i = 0; i < fade; ++i) {
        const float weight = fade == 1 ? 0.0f : static_cast<float>(i) / static_cast<float>(fade - 1);
        if (fade_in == FadeIn::yes) window[i] = weight;
        if (fade_out == FadeOut::yes) window[chunk_frames - 1 - i] = weight;
    }
    return window;
}

}  // namespace msst::separation
