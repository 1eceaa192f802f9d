// A listening TCP socket with SO_LINGER, which Node cannot set.
#pragma once

namespace callnative {

/**
 * Returns a close-on-exec socket, bound to a free port of 127.0.0.1 and not listening yet. Its connections inherit
 * SO_LINGER of zero seconds, socket(7). When one is closed, also by the end of the process, the other side sees a reset.
 * The caller owns the descriptor. Throws SystemError.
 */
int openResettingListener();

}  // namespace callnative
