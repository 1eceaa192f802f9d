// Wakes JavaScript through a thread-safe function. Its queue holds one item: a wake-up means "look at the pool",
// so a second one while the first waits adds nothing.
#include "capture-session.h"

#include "../errors.h"
#include "mode-object.h"
#include "../frame-argument.h"

namespace callnative {

namespace {

constexpr int kWakeQueue = 1;

/** Stops the capture on a worker thread, because STREAMOFF and close may take long on real devices. */
class CloseWorker : public Napi::AsyncWorker {
 public:
  CloseWorker(Napi::Env env, std::shared_ptr<CaptureSession> session)
      : AsyncWorker(env, "closeCapture"), deferred_(Napi::Promise::Deferred::New(env)), session_(std::move(session)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }
  void Execute() override { session_->stop(); }
  void OnOK() override {
    session_->release();
    deferred_.Resolve(Env().Undefined());
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<CaptureSession> session_;
};

Napi::Object countersObject(Napi::Env env, const Counters& counters) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("captured", static_cast<double>(counters.captured));
  object.Set("faulty", static_cast<double>(counters.faulty));
  object.Set("dropped", static_cast<double>(counters.dropped));
  object.Set("delivered", static_cast<double>(counters.delivered));
  object.Set("whole", static_cast<double>(counters.whole));
  object.Set("repaired", static_cast<double>(counters.repaired));
  object.Set("damaged", static_cast<double>(counters.damaged));
  Napi::Object faults = Napi::Object::New(env);
  for (std::size_t fault = 0; fault < kFaults; fault++) {
    if (counters.faults[fault] > 0) faults.Set(kFaultNames[fault], static_cast<double>(counters.faults[fault]));
  }
  object.Set("faults", faults);
  return object;
}

}  // namespace

void CaptureSession::start(Napi::Env env, std::unique_ptr<FrameSource> source, const Napi::Function& listener) {
  auto* self = new std::shared_ptr<CaptureSession>(shared_from_this());
  wake_ = Wake::New(
      env, listener, "capture", kWakeQueue, 1, this,
      [](Napi::Env, std::shared_ptr<CaptureSession>* held, CaptureSession*) { delete held; }, self);
  env_ = env;
  // Hooks run last in, first out: the thread is joined before Node tears the thread-safe function down.
  napi_add_env_cleanup_hook(env_, onEnvironmentEnd, this);
  try {
    thread_ = std::make_unique<CaptureThread>(std::move(source), pool_, [this] { wake_.NonBlockingCall(); });
  } catch (const SystemError&) {
    release();
    throw;
  }
}

void CaptureSession::onEnvironmentEnd(void* session) { static_cast<CaptureSession*>(session)->stop(); }

void CaptureSession::release() {
  napi_remove_env_cleanup_hook(env_, onEnvironmentEnd, this);
  // The session lives until its JavaScript object is collected. Descriptors must be closed before that.
  thread_.reset();
  wake_.Release();
}

void CaptureSession::onWake(Napi::Env env, Napi::Function listener, CaptureSession* session, void* /*data*/) {
  const bool environmentEnds = static_cast<napi_env>(env) == nullptr || listener.IsEmpty();
  if (environmentEnds || session->closing_) return;
  session->deliver(env, listener);
}

void CaptureSession::deliver(Napi::Env env, const Napi::Function& listener) {
  if (const auto ready = pool_->collect()) {
    listener.Call({Napi::Number::New(env, ready->slot),
                   Napi::Number::New(env, static_cast<double>(ready->capturedAtUs)), env.Null(),
                   Napi::Number::New(env, static_cast<double>(ready->jpegLength))});
  }
  if (closing_) return;
  if (const auto failure = thread_->takeFailure()) {
    listener.Call({Napi::Number::New(env, -1), Napi::Number::New(env, 0), toJsError(env, *failure).Value(),
                   Napi::Number::New(env, 0)});
  }
}

Napi::Value CaptureSession::close(Napi::Env env) {
  if (std::exchange(closing_, true)) throw Napi::Error::New(env, "close: this capture is closed already");
  auto* worker = new CloseWorker(env, shared_from_this());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

Napi::Object CaptureSession::toObject(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array buffers = Napi::Array::New(env);
  for (const FrameBuffer& buffer : pool_->buffers()) buffers.Set(buffers.Length(), shareBuffer(env, buffer));
  Napi::Array jpegBuffers = Napi::Array::New(env);
  for (const FrameBuffer& buffer : pool_->jpegBuffers()) jpegBuffers.Set(jpegBuffers.Length(), shareBuffer(env, buffer));
  Napi::Array notes = Napi::Array::New(env);
  for (const std::string& note : notes_) notes.Set(notes.Length(), note);
  object.Set("mode", modeObject(env, mode_));
  object.Set("notes", notes);
  object.Set("buffers", buffers);
  object.Set("jpegBuffers", jpegBuffers);
  const auto self = shared_from_this();
  object.Set("counters", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) -> Napi::Value {
               return countersObject(info.Env(), self->pool_->counters());
             }));
  object.Set("giveBack", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) {
               self->pool_->giveBack(info[0].ToNumber().Int32Value());
             }));
  object.Set("close", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) { return self->close(info.Env()); }));
  return object;
}

}  // namespace callnative
