#pragma once

#include "base/files.h"

namespace msst {

// An open file for the process at the other end of a Unix socket. Throws Error(unavailable) if nobody is
// there.
void send_descriptor(int socket, int descriptor);

// Waits for one. None: the other end was closed without sending any.
UniqueFd receive_descriptor(int socket);

}  // namespace msst
