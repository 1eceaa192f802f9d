// A connection to PipeWire as JavaScript sees it.
#pragma once

#include <napi.h>

namespace callnative {

/**
 * openSession(socket, fd, listener): an object with state(), open(…) and close(). With an fd of 0 or more, which is taken over,
 * the socket is not used. `listener()` means that the state has changed.
 */
Napi::Value openSession(const Napi::CallbackInfo& info);

}  // namespace callnative
