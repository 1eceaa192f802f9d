// Reads a frame for JavaScript: lossless colours, and the test pattern's stamp.
#pragma once

#include <napi.h>

namespace callnative {

/** (data, width, height, rotation) → Promise<ArrayBuffer> of RGBA, turned upright. */
Napi::Value toRgba(const Napi::CallbackInfo& info);

/** (data, width, height) → {ticks, sequence} or null. Reads 1,024 pixels, which is fast enough for the main thread. */
Napi::Value readStampOf(const Napi::CallbackInfo& info);

}  // namespace callnative
