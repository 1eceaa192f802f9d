// The list of cameras as JavaScript objects.
#pragma once

#include <napi.h>

namespace callnative {

/** () → array of {path, id, otherIds, name, modes, otherFormats, bus}. */
Napi::Value listCamerasFor(const Napi::CallbackInfo& info);

}  // namespace callnative
