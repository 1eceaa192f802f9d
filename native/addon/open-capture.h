// openCapture: a device or the pattern, opened off the main thread.
#pragma once

#include <napi.h>

namespace callnative {

/** (path, width, height, fps, listener) → Promise of a capture; an empty path is the test pattern. */
Napi::Value openCapture(const Napi::CallbackInfo& info);

}  // namespace callnative
