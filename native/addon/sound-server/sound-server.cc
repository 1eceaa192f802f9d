// See sound-server.h. The connection's thread wakes JavaScript, which takes the updates. As in capture-session, a second wake-up
// while the first waits adds nothing.
#include "sound-server.h"

#include <memory>
#include <string>
#include <utility>

#include "../errors.h"
#include "sound-server/server-connection.h"
#include "system/system-error.h"

namespace callnative {

namespace {

Napi::Object deviceObject(Napi::Env env, const ServerDevice& device) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("index", static_cast<double>(device.index));
  object.Set("name", device.name);
  object.Set("description", device.description);
  object.Set("monitorOf", device.monitorOf);
  object.Set("driver", device.driver);
  object.Set("deviceClass", device.deviceClass);
  object.Set("formFactor", device.formFactor);
  object.Set("bus", device.bus);
  object.Set("alsaCard", device.alsaCard);
  object.Set("alsaCardName", device.alsaCardName);
  object.Set("alsaName", device.alsaName);
  object.Set("state", device.state);
  object.Set("isMuted", Napi::Boolean::New(env, device.isMuted));
  object.Set("volume", device.volume);
  object.Set("port", device.port);
  object.Set("portAvailable", device.portAvailable);
  return object;
}

Napi::Object streamObject(Napi::Env env, const ServerStream& stream) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("index", static_cast<double>(stream.index));
  object.Set("device", static_cast<double>(stream.device));
  object.Set("token", stream.token);
  object.Set("isPlayback", Napi::Boolean::New(env, stream.isPlayback));
  object.Set("isMuted", Napi::Boolean::New(env, stream.isMuted));
  object.Set("volume", stream.volume);
  return object;
}

Napi::Object changeObject(Napi::Env env, const ServerChange& change) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("number", change.number);
  object.Set("what", change.what);
  object.Set("how", change.how);
  object.Set("index", static_cast<double>(change.index));
  return object;
}

template <typename Element, typename Make>
Napi::Array arrayOf(Napi::Env env, const std::vector<Element>& elements, Make make) {
  Napi::Array array = Napi::Array::New(env, elements.size());
  for (std::size_t at = 0; at < elements.size(); ++at) array.Set(static_cast<std::uint32_t>(at), make(env, elements[at]));
  return array;
}

Napi::Object stateObject(Napi::Env env, const ServerState& state) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("through", state.through);
  object.Set("serverName", state.serverName);
  object.Set("defaultSink", state.defaultSink);
  object.Set("defaultSource", state.defaultSource);
  object.Set("sinks", arrayOf(env, state.sinks, deviceObject));
  object.Set("sources", arrayOf(env, state.sources, deviceObject));
  object.Set("streams", arrayOf(env, state.streams, streamObject));
  object.Set("alsaCards", arrayOf(env, state.alsaCards, [](Napi::Env in, const std::string& card) {
               return Napi::String::New(in, card);
             }));
  return object;
}

Napi::Object updatesObject(Napi::Env env, const ServerUpdates& updates) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("changes", arrayOf(env, updates.changes, changeObject));
  object.Set("state", updates.state ? stateObject(env, *updates.state) : env.Null());
  object.Set("end", updates.end ? Napi::String::New(env, *updates.end) : env.Null());
  return object;
}

/** Lives until its thread-safe function is finalised, after close() or when the environment ends. */
class SoundServerSession : public std::enable_shared_from_this<SoundServerSession> {
 public:
  void start(Napi::Env env, std::string server, std::string cookie, const Napi::Function& listener) {
    auto* self = new std::shared_ptr<SoundServerSession>(shared_from_this());
    wake_ = Wake::New(
        env, listener, "soundServer", 1, 1, this,
        [](Napi::Env, std::shared_ptr<SoundServerSession>* held, SoundServerSession*) { delete held; }, self);
    env_ = env;
    // Hooks run last in, first out: the thread is joined before Node tears the thread-safe function down.
    napi_add_env_cleanup_hook(env_, onEnvironmentEnd, this);
    try {
      connection_ = std::make_unique<ServerConnection>(std::move(server), std::move(cookie),
                                                       [this] { wake_.NonBlockingCall(); });
    } catch (const SystemError&) {
      release();
      throw;
    }
  }

  void stop() { connection_->stop(); }

  /** Main thread, after stop(). */
  void release() {
    napi_remove_env_cleanup_hook(env_, onEnvironmentEnd, this);
    wake_.Release();
  }

  Napi::Object toObject(Napi::Env env);

 private:
  static void onWake(Napi::Env env, Napi::Function listener, SoundServerSession* session, void* /*data*/) {
    if (static_cast<napi_env>(env) == nullptr || listener.IsEmpty() || session->isClosing_) return;
    listener.Call({});
  }
  static void onEnvironmentEnd(void* session) { static_cast<SoundServerSession*>(session)->stop(); }
  using Wake = Napi::TypedThreadSafeFunction<SoundServerSession, void, onWake>;

  Napi::Value close(Napi::Env env);

  Wake wake_;
  napi_env env_ = nullptr;
  std::unique_ptr<ServerConnection> connection_;
  /** Main thread only. */
  bool isClosing_ = false;
};

/** Joins the thread on a worker thread: libpulse may be looking up a host or an X server. */
class CloseWorker : public Napi::AsyncWorker {
 public:
  CloseWorker(Napi::Env env, std::shared_ptr<SoundServerSession> session)
      : AsyncWorker(env, "closeSoundServer"),
        deferred_(Napi::Promise::Deferred::New(env)),
        session_(std::move(session)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }
  void Execute() override { session_->stop(); }
  void OnOK() override {
    session_->release();
    deferred_.Resolve(Env().Undefined());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<SoundServerSession> session_;
};

Napi::Value SoundServerSession::close(Napi::Env env) {
  if (std::exchange(isClosing_, true)) throw Napi::Error::New(env, "close: this connection is closed already");
  auto* worker = new CloseWorker(env, shared_from_this());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

Napi::Object SoundServerSession::toObject(Napi::Env env) {
  const auto self = shared_from_this();
  Napi::Object object = Napi::Object::New(env);
  object.Set("take", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) -> Napi::Value {
               return updatesObject(info.Env(), self->connection_->take());
             }));
  object.Set("close", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) { return self->close(info.Env()); }));
  return object;
}

}  // namespace

Napi::Value openSoundServer(const Napi::CallbackInfo& info) {
  const auto session = std::make_shared<SoundServerSession>();
  throwingToJs(info.Env(), [&] {
    session->start(info.Env(), info[0].As<Napi::String>(), info[1].As<Napi::String>(), info[2].As<Napi::Function>());
  });
  return session->toObject(info.Env());
}

}  // namespace callnative
