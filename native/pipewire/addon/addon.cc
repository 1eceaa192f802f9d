// The functions of the add-on for PipeWire. The façade, native/pipewire.ts, checks their arguments.
#include <napi.h>

#include "session.h"

namespace callnative {

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("openSession", Napi::Function::New(env, openSession));
  return exports;
}

}  // namespace

NODE_API_MODULE(callpipewire, init)

}  // namespace callnative
