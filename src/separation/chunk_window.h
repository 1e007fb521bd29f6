#pragma once

#include <cstdint>
#include <vector>

namespace msst::separation {

enum class FadeIn { yes, no };
enum class FadeOut { yes, no };

// The weights of one chunk, [chunk_frames]: ones, with a linear fade over a
// tenth of the chunk at either end. A fade starts or ends at exactly 0, as
// torch.linspace(0, 1, fade) gives it.
std::vector<float> make_chunk_window(int64_t chunk_frames, FadeIn fade_in, FadeOut fade_out);

}  // namespace msst::separation
