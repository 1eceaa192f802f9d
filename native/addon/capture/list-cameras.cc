// See list-cameras.h.
#include "list-cameras.h"

#include "../errors.h"
#include "mode-object.h"
#include "capture/v4l2-list.h"

namespace callnative {

Napi::Value listCamerasFor(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const Camera& camera : throwingToJs(env, [] { return listCameras(); })) {
    Napi::Object object = Napi::Object::New(env);
    Napi::Array modes = Napi::Array::New(env);
    for (const Mode& mode : camera.modes) modes.Set(modes.Length(), modeObject(env, mode));
    Napi::Array otherIds = Napi::Array::New(env);
    for (const std::string& other : camera.otherIds) otherIds.Set(otherIds.Length(), other);
    Napi::Array otherFormats = Napi::Array::New(env);
    for (const std::string& format : camera.otherFormats) otherFormats.Set(otherFormats.Length(), format);
    object.Set("path", camera.path);
    object.Set("id", camera.id);
    object.Set("otherIds", otherIds);
    object.Set("name", camera.name);
    object.Set("modes", modes);
    object.Set("otherFormats", otherFormats);
    object.Set("bus", camera.bus);
    list.Set(list.Length(), object);
  }
  return list;
}

}  // namespace callnative
