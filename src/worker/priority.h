#pragma once

namespace msst::worker {

// Steps back behind the server in the queue for processor and disk, and in front of it when memory runs out.
// Call it before there are other threads: they inherit it. Never fails; a system that refuses is left alone.
void lower_priority();

}  // namespace msst::worker
