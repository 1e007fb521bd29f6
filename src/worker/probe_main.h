#pragma once

namespace msst::worker {

// The child of supervisor/prober.h, forked by base/fork_server.h. Says "ready", takes one file (an open
// descriptor) from `socket`, gives up everything it does not need, looks at the file and answers with one
// line of JSON:
//
//   {"format":"wav","duration_seconds":1.5,"sample_rate":44100,"channels":2}
//   {"error":{"code":"invalid_audio","message":"…"}}
//
// Returns the exit status: 0 if it answered or was not needed. Leave the process with _exit() afterwards: its
// system calls are filtered by then.
int run_probe_child(int socket);

}  // namespace msst::worker
