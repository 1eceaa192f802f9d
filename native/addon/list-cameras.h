// Enumeration for JavaScript.
#pragma once

#include <napi.h>

namespace callnative {

/** () → array of {path, id, name, modes}. */
Napi::Value listCamerasFor(const Napi::CallbackInfo& info);

}  // namespace callnative
