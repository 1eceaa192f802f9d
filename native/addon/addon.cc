// The functions that the addon exports. The façade, native/index.ts, checks their arguments.
#include <napi.h>

#include <memory>

#include "encoder.h"
#include "errors.h"
#include "capture/list-cameras.h"
#include "system/library-versions.h"
#include "system/loopback-listener.h"
#include "capture/open-capture.h"
#include "pixels.h"
#include "system/process-guards.h"
#include "scaler.h"
#include "sound-device/sound-device.h"
#include "sound-server/sound-server.h"
#include "system/thread-priority.h"
#include "voice.h"

namespace callnative {

namespace {

Napi::Value protectStdoutFor(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), throwingToJs(info.Env(), [] { return protectStdout(); }));
}

void closeOnExecFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [] { closeOnExec(); });
}

void limitMallocArenasFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [&info] { limitMallocArenas(info[0].As<Napi::Number>().Int32Value()); });
}

class ReleaseWorker : public Napi::AsyncWorker {
 public:
  explicit ReleaseWorker(Napi::Env env)
      : AsyncWorker(env, "releaseFreeMemory"), deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { releaseFreeMemory(); }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }

 private:
  Napi::Promise::Deferred deferred_;
};

Napi::Value releaseFreeMemoryFor(const Napi::CallbackInfo& info) {
  auto worker = std::make_unique<ReleaseWorker>(info.Env());
  const Napi::Promise promise = worker->promise();
  // The worker deletes itself when it is done.
  worker.release()->Queue();
  return promise;
}

void dieWithParentFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [] { dieWithParent(); });
}

int numberAt(const Napi::CallbackInfo& info, size_t at) { return info[at].As<Napi::Number>().Int32Value(); }

void guardRealTimeFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [&info] { guardRealTime(numberAt(info, 0), numberAt(info, 1)); });
}

void withholdRealTimeFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [] { withholdRealTime(); });
}

void setRealTimeFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [&info] { setRealTime(numberAt(info, 0), numberAt(info, 1)); });
}

void setNicenessFor(const Napi::CallbackInfo& info) {
  throwingToJs(info.Env(), [&info] { setNiceness(numberAt(info, 0), numberAt(info, 1)); });
}

Napi::Value openResettingListenerFor(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), throwingToJs(info.Env(), [] { return openResettingListener(); }));
}

Napi::Value libraryVersionsFor(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  for (const auto& [name, version] : libraryVersions()) object.Set(name, version);
  return object;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("listCameras", Napi::Function::New(env, listCamerasFor, "listCameras"));
  exports.Set("openCapture", Napi::Function::New(env, openCapture, "openCapture"));
  exports.Set("createEncoder", Napi::Function::New(env, createEncoder, "createEncoder"));
  exports.Set("createScaler", Napi::Function::New(env, createScaler, "createScaler"));
  exports.Set("createVoiceProcessor", Napi::Function::New(env, createVoiceProcessor, "createVoiceProcessor"));
  exports.Set("toRgba", Napi::Function::New(env, toRgba, "toRgba"));
  exports.Set("readStamp", Napi::Function::New(env, readStampOf, "readStamp"));
  exports.Set("protectStdout", Napi::Function::New(env, protectStdoutFor, "protectStdout"));
  exports.Set("closeOnExec", Napi::Function::New(env, closeOnExecFor, "closeOnExec"));
  exports.Set("limitMallocArenas", Napi::Function::New(env, limitMallocArenasFor, "limitMallocArenas"));
  exports.Set("releaseFreeMemory", Napi::Function::New(env, releaseFreeMemoryFor, "releaseFreeMemory"));
  exports.Set("dieWithParent", Napi::Function::New(env, dieWithParentFor, "dieWithParent"));
  exports.Set("guardRealTime", Napi::Function::New(env, guardRealTimeFor, "guardRealTime"));
  exports.Set("withholdRealTime", Napi::Function::New(env, withholdRealTimeFor, "withholdRealTime"));
  exports.Set("setRealTime", Napi::Function::New(env, setRealTimeFor, "setRealTime"));
  exports.Set("setNiceness", Napi::Function::New(env, setNicenessFor, "setNiceness"));
  exports.Set("openResettingListener",
              Napi::Function::New(env, openResettingListenerFor, "openResettingListener"));
  exports.Set("libraryVersions", Napi::Function::New(env, libraryVersionsFor, "libraryVersions"));
  exports.Set("alsaFormats", Napi::Function::New(env, alsaFormatsFor, "alsaFormats"));
  exports.Set("createResampler", Napi::Function::New(env, createResampler, "createResampler"));
  exports.Set("openSoundServer", Napi::Function::New(env, openSoundServer, "openSoundServer"));
  return exports;
}

}  // namespace

NODE_API_MODULE(callnative, initialize)

}  // namespace callnative
