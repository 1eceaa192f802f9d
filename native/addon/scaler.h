// The frame scaler as a JavaScript object.
#pragma once

#include <napi.h>

namespace callnative {

/** () → object with scale(data, width, height, targetWidth, targetHeight) → Promise<ArrayBuffer>, which the next `scale`
 *  overwrites. */
Napi::Value createScaler(const Napi::CallbackInfo& info);

}  // namespace callnative
