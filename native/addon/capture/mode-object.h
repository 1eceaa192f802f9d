// A mode as JavaScript sees it: CameraMode of native/types.ts.
#pragma once

#include <napi.h>

#include "pixels/frame.h"

namespace callnative {

/** Sizes in pixels, fps in frames a second, fourcc as text. */
inline Napi::Object modeObject(Napi::Env env, const Mode& mode) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("width", mode.width);
  object.Set("height", mode.height);
  object.Set("fps", mode.fps);
  object.Set("fourcc", mode.fourcc);
  return object;
}

}  // namespace callnative
