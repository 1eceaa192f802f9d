// A TCP socket with an option that Node offers no way to. Who connects and what is said is not known here.
#pragma once

namespace callnative {

/**
 * Bound to a free port of 127.0.0.1, not listening yet, close-on-exec. Its connections inherit SO_LINGER of zero seconds,
 * socket(7): whenever they are closed, also by the end of the process, the other side sees a reset, never a mere end.
 * The caller owns the descriptor. @throws SystemError
 */
int openResettingListener();

}  // namespace callnative
