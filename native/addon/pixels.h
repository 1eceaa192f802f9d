// Pictures looked at from JavaScript: lossless colours, and the pattern's stamp.
#pragma once

#include <napi.h>

namespace callnative {

/** (data, width, height) → Promise<ArrayBuffer> of RGBA. */
Napi::Value toRgba(const Napi::CallbackInfo& info);

/** (data, width, height) → {ticks, sequence} or null. Looks at 1,024 pixels, so it may stay on the main thread. */
Napi::Value readStampOf(const Napi::CallbackInfo& info);

}  // namespace callnative
