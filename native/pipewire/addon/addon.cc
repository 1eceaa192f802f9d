// The functions of the add-on for PipeWire. The façade, native/pipewire.ts, checks their arguments.
#include <napi.h>

#include "descriptor-socket.h"
#include "session.h"

namespace callnative {

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("openSession", Napi::Function::New(env, openSession));
  exports.Set("openDescriptorSocket", Napi::Function::New(env, openDescriptorSocket));
  return exports;
}

}  // namespace

NODE_API_MODULE(callpipewire, init)

}  // namespace callnative
