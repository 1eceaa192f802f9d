// The JPEG encoder as a JavaScript object.
#pragma once

#include <napi.h>

namespace callnative {

/** () → object with encode(data, width, height, maxWidth, quality, rotation) → Promise<{buffer, length, width, height}>. */
Napi::Value createEncoder(const Napi::CallbackInfo& info);

}  // namespace callnative
