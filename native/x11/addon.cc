// The functions that the add-on for X11 exports. native/x11.ts checks their arguments.
#include <napi.h>

#include <memory>
#include <string>

#include "errors.h"
#include "capture/open-worker.h"
#include "screen-source.h"
#include "shareable.h"

namespace callnative {

namespace {

Napi::Object shareableObject(Napi::Env env, const Shareable& shareable) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", shareable.id);
  object.Set("name", shareable.name);
  object.Set("kind", shareable.isWindow ? "window" : "monitor");
  object.Set("isPrimary", shareable.isPrimary);
  object.Set("width", shareable.area.width);
  object.Set("height", shareable.area.height);
  return object;
}

/** Lists on a worker thread, because a server that hangs answers nothing. */
class ListWorker : public Napi::AsyncWorker {
 public:
  ListWorker(Napi::Env env, std::string display)
      : AsyncWorker(env, "listShareable"), deferred_(Napi::Promise::Deferred::New(env)), display_(std::move(display)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      found_ = listShareable(Display(display_));
    } catch (const SystemError& error) {
      failure_ = error;
      SetError(error.what());
    }
  }

  void OnOK() override {
    Napi::Array list = Napi::Array::New(Env());
    for (const Shareable& one : found_) list.Set(list.Length(), shareableObject(Env(), one));
    deferred_.Resolve(list);
  }

  void OnError(const Napi::Error& error) override {
    deferred_.Reject(failure_ ? toJsError(Env(), *failure_).Value() : error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::string display_;
  std::vector<Shareable> found_;
  std::optional<SystemError> failure_;
};

/** (display) → Promise of an array. An empty display is $DISPLAY. */
Napi::Value listShareableFor(const Napi::CallbackInfo& info) {
  auto* worker = new ListWorker(info.Env(), info[0].ToString().Utf8Value());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

/** (display, id, width, height, fps, listener) → Promise of a capture. */
Napi::Value openScreen(const Napi::CallbackInfo& info) {
  const std::string display = info[0].ToString().Utf8Value();
  const std::string id = info[1].ToString().Utf8Value();
  const CaptureConstraints constraints{info[2].ToNumber().Int32Value(), info[3].ToNumber().Int32Value(),
                                       info[4].ToNumber().DoubleValue()};
  const OpenSource open = [display, id, constraints]() -> std::unique_ptr<FrameSource> {
    return std::make_unique<ScreenSource>(display, id, constraints);
  };
  return openOnWorker(info.Env(), open, info[5].As<Napi::Function>());
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("listShareable", Napi::Function::New(env, listShareableFor, "listShareable"));
  exports.Set("openScreen", Napi::Function::New(env, openScreen, "openScreen"));
  return exports;
}

}  // namespace

NODE_API_MODULE(callx11, initialize)

}  // namespace callnative
