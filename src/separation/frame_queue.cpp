#include "separation/frame_queue.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace msst::separation {

void FrameQueue::push(audio::Block block) {
    check(block.channels == channels_, "frame queue: a block has the wrong number of channels");
    if (block.frames == 0) return;
    frames_ += block.frames;
    blocks_.push_back(std::move(block));
}

audio::Block FrameQueue::pop(int64_t count) {
    check(count >= 0 && count <= frames_, "frame queue: more frames asked for than there are");
    audio::Block out(channels_, count);
    for (int64_t filled = 0; filled < count;) {
        const audio::Block& front = blocks_.front();
        const int64_t take = std::min(count - filled, front.frames - front_offset_);
        for (int c = 0; c < channels_; ++c)
            std::ranges::copy(front.channel(c).subspan(front_offset_, take), out.channel(c).begin() + filled);
        filled += take;
        front_offset_ += take;
        if (front_offset_ == front.frames) {
            blocks_.pop_front();
            front_offset_ = 0;
        }
    }
    frames_ -= count;
    return out;
}

}  // namespace msst::separation
