// A connection to a Unix socket that also receives descriptors, which Node's own sockets lose.
#pragma once

#include <napi.h>

namespace callnative {

/**
 * openDescriptorSocket(path, listener): connects at once and returns an object with write(Uint8Array) and close(). A path that
 * begins with NUL is an abstract one, unix(7). `listener(bytes, descriptors)` owns the descriptors. Without bytes the connection
 * has ended. It runs on the main thread, and never after close().
 */
Napi::Value openDescriptorSocket(const Napi::CallbackInfo& info);

}  // namespace callnative
