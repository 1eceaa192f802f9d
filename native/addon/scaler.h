// Pictures made smaller on a worker thread.
#pragma once

#include <napi.h>

namespace callnative {

/** createScaler(): an object with `scale(data, width, height, targetWidth, targetHeight)`, a promise of an ArrayBuffer that
 *  the next `scale` writes again. */
Napi::Value createScaler(const Napi::CallbackInfo& info);

}  // namespace callnative
