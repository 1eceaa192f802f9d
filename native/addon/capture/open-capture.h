// Opens a device or the test pattern on a worker thread.
#pragma once

#include <napi.h>

namespace callnative {

/** (path, width, height, fps, fourcc, listener) → Promise of a capture; an empty path is the test pattern, an empty fourcc any. */
Napi::Value openCapture(const Napi::CallbackInfo& info);

}  // namespace callnative
