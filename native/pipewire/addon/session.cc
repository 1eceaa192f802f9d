// See session.h. The loop's thread wakes JavaScript, which takes the state. As in capture-session, a second wake-up while the
// first waits adds nothing.
#include "session.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "../core/connection.h"
#include "../core/node-source.h"
#include "errors.h"
#include "capture/mode-object.h"
#include "capture/open-worker.h"
#include "system/system-error.h"

namespace callnative {

namespace {

Napi::Object nodeObject(Napi::Env env, const SourceNode& node) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array modes = Napi::Array::New(env);
  for (const Mode& mode : modesOf(node.formats, nullptr)) modes.Set(modes.Length(), modeObject(env, mode));
  Napi::Array otherFormats = Napi::Array::New(env);
  if (modes.Length() == 0) {
    for (const std::string& name : otherFormatsOf(node.formats)) otherFormats.Set(otherFormats.Length(), name);
  }
  object.Set("nodeId", node.id);
  object.Set("serial", node.serial);
  object.Set("name", node.name);
  object.Set("description", node.description);
  object.Set("role", node.role);
  object.Set("deviceApi", node.deviceApi);
  object.Set("v4l2Path", node.v4l2Path);
  object.Set("deviceIds", node.deviceIds);
  object.Set("libcameraId", node.libcameraId);
  object.Set("modes", modes);
  object.Set("otherFormats", otherFormats);
  return object;
}

Napi::Object stateObject(Napi::Env env, const ConnectionState& state) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array nodes = Napi::Array::New(env);
  for (const SourceNode& node : state.nodes) nodes.Set(nodes.Length(), nodeObject(env, node));
  object.Set("isSettled", Napi::Boolean::New(env, state.isSettled));
  object.Set("isConnected", Napi::Boolean::New(env, state.isConnected));
  object.Set("isRefused", Napi::Boolean::New(env, state.isRefused));
  object.Set("problem", state.problem);
  object.Set("nodes", nodes);
  return object;
}

/** Lives until its thread-safe function is finalised, after close() or when the environment ends. */
class Session : public std::enable_shared_from_this<Session> {
 public:
  void start(Napi::Env env, std::string socket, int fd, const Napi::Function& listener) {
    auto* self = new std::shared_ptr<Session>(shared_from_this());
    wake_ = Wake::New(
        env, listener, "pipewire", 1, 1, this,
        [](Napi::Env, std::shared_ptr<Session>* held, Session*) { delete held; }, self);
    env_ = env;
    // Hooks run last in, first out: the thread is joined before Node tears the thread-safe function down.
    napi_add_env_cleanup_hook(env_, onEnvironmentEnd, this);
    const auto onChange = [this] { wake_.NonBlockingCall(); };
    try {
      connection_ = fd >= 0 ? std::make_shared<PipeWireConnection>(UniqueFd(fd), onChange)
                            : std::make_shared<PipeWireConnection>(std::move(socket), onChange);
    } catch (const SystemError&) {
      release();
      throw;
    }
    // A connection alone does not keep the process alive.
    wake_.Unref(env);
  }

  /** Open captures hold the connection until they are closed. */
  void stop() {
    if (connection_ == nullptr) return;
    connection_->silence();
    connection_.reset();
  }

  /** Main thread, after stop(). */
  void release() {
    napi_remove_env_cleanup_hook(env_, onEnvironmentEnd, this);
    wake_.Release();
  }

  Napi::Object toObject(Napi::Env env);

 private:
  static void onWake(Napi::Env env, Napi::Function listener, Session* session, void* /*data*/) {
    if (static_cast<napi_env>(env) == nullptr || listener.IsEmpty() || session->isClosing_) return;
    listener.Call({});
  }
  static void onEnvironmentEnd(void* session) { static_cast<Session*>(session)->stop(); }
  using Wake = Napi::TypedThreadSafeFunction<Session, void, onWake>;

  void requireOpen(Napi::Env env) const {
    if (isClosing_) throw Napi::Error::New(env, "this connection to PipeWire is closed");
  }
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value close(Napi::Env env);

  Wake wake_;
  napi_env env_ = nullptr;
  /** Main thread, and the closing worker after isClosing_ is set. */
  std::shared_ptr<PipeWireConnection> connection_;
  /** Main thread only. */
  bool isClosing_ = false;
};

/** Joins the loop's thread on a worker thread. */
class CloseWorker : public Napi::AsyncWorker {
 public:
  CloseWorker(Napi::Env env, std::shared_ptr<Session> session)
      : AsyncWorker(env, "closePipeWire"), deferred_(Napi::Promise::Deferred::New(env)), session_(std::move(session)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }
  void Execute() override { session_->stop(); }
  void OnOK() override {
    session_->release();
    deferred_.Resolve(Env().Undefined());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Session> session_;
};

Napi::Value Session::close(Napi::Env env) {
  requireOpen(env);
  isClosing_ = true;
  auto* worker = new CloseWorker(env, shared_from_this());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

/** (nodeId, path, isContinuous, silenceMs, width, height, fps, fourcc, listener) → Promise of a capture. */
Napi::Value Session::open(const Napi::CallbackInfo& info) {
  requireOpen(info.Env());
  const NodeChoice node{info[0].ToNumber().Uint32Value(), info[1].ToString().Utf8Value(), info[2].ToBoolean().Value(),
                        std::chrono::milliseconds(info[3].ToNumber().Int32Value())};
  const CaptureConstraints constraints{info[4].ToNumber().Int32Value(), info[5].ToNumber().Int32Value(), info[6].ToNumber().DoubleValue(),
                                       info[7].ToString().Utf8Value()};
  const auto source = [connection = connection_, node, constraints]() -> std::unique_ptr<FrameSource> {
    return std::make_unique<NodeSource>(connection, node, constraints);
  };
  return openOnWorker(info.Env(), source, info[8].As<Napi::Function>());
}

Napi::Object Session::toObject(Napi::Env env) {
  const auto self = shared_from_this();
  Napi::Object object = Napi::Object::New(env);
  object.Set("state", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) -> Napi::Value {
               self->requireOpen(info.Env());
               return stateObject(info.Env(), self->connection_->state());
             }));
  object.Set("open", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) { return self->open(info); }));
  object.Set("close", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) { return self->close(info.Env()); }));
  return object;
}

}  // namespace

Napi::Value openSession(const Napi::CallbackInfo& info) {
  const auto session = std::make_shared<Session>();
  throwingToJs(info.Env(), [&] {
    session->start(info.Env(), info[0].As<Napi::String>(), info[1].As<Napi::Number>().Int32Value(), info[2].As<Napi::Function>());
  });
  return session->toObject(info.Env());
}

}  // namespace callnative
