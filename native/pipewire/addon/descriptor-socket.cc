// See descriptor-socket.h. libuv watches the socket, so its bytes are read on the main thread and no queue is needed.
#include "descriptor-socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "errors.h"
#include "system/system-error.h"
#include "system/unique-fd.h"

namespace callnative {

namespace {

constexpr std::size_t kMostBytes = 16 * 1024;
/** What a message bus passes on with one message. The kernel closes those for which there is no room. */
constexpr std::size_t kMostDescriptors = 16;

UniqueFd connectTo(const std::string& path) {
  std::string name = path;
  if (path.starts_with('\0')) name.front() = '@';
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) throw SystemError("connect", ENAMETOOLONG, name);
  std::copy(path.begin(), path.end(), address.sun_path);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) throwErrno("socket", name);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) throwErrno("connect", name);
  return socket;
}

/** Lives until libuv has closed its handle, after close() or when the environment ends. */
class DescriptorSocket {
 public:
  DescriptorSocket(Napi::Env env, const std::string& path, const Napi::Function& listener)
      : env_(env), path_(path), socket_(connectTo(path)), context_(env, "descriptorSocket"), listener_(Napi::Persistent(listener)) {}

  /** Throws SystemError. Before it returns, the owner deletes the socket; afterwards `close` does. */
  void start() {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env_, &loop);
    const int result = uv_poll_init(loop, &poll_, socket_.get());
    if (result < 0) throw SystemError("uv_poll_init", -result, path_);
    poll_.data = this;
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) { static_cast<DescriptorSocket*>(poll->data)->receive(); });
    napi_add_env_cleanup_hook(env_, onEnvironmentEnd, this);
  }

  /** The messages of a bus's client are short. A bus that does not read them has failed. */
  void write(const std::uint8_t* bytes, std::size_t length) {
    const ssize_t sent = ::send(socket_.get(), bytes, length, MSG_NOSIGNAL);
    if (sent < 0) throwErrno("send", path_);
    if (static_cast<std::size_t>(sent) != length) throw SystemError("send", EAGAIN, path_);
  }

  void close() {
    napi_remove_env_cleanup_hook(env_, onEnvironmentEnd, this);
    uv_poll_stop(&poll_);
    uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) { delete static_cast<DescriptorSocket*>(handle->data); });
  }

 private:
  static void onEnvironmentEnd(void* socket) { static_cast<DescriptorSocket*>(socket)->close(); }

  void receive() {
    std::array<std::uint8_t, kMostBytes> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t length = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const Napi::HandleScope scope(env_);
    if (length <= 0) {
      uv_poll_stop(&poll_);
      pass(Napi::Env(env_).Null(), Napi::Array::New(env_));
      return;
    }
    const auto count = static_cast<std::size_t>(length);
    Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env_, count);
    std::memcpy(copy.Data(), bytes.data(), count);
    pass(copy, descriptorsOf(message));
  }

  Napi::Array descriptorsOf(msghdr& message) const {
    Napi::Array descriptors = Napi::Array::New(env_);
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t bytes = header->cmsg_len - CMSG_LEN(0);
      for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(header) + at, sizeof descriptor);
        descriptors.Set(descriptors.Length(), descriptor);
      }
    }
    return descriptors;
  }

  /** The listener may close this socket. The façade lets nothing be thrown. */
  void pass(const Napi::Value& bytes, const Napi::Value& descriptors) {
    try {
      listener_.MakeCallback(Napi::Env(env_).Global(), {bytes, descriptors}, context_);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env_, error.Value());
    }
  }

  napi_env env_;
  std::string path_;
  UniqueFd socket_;
  uv_poll_t poll_{};
  Napi::AsyncContext context_;
  Napi::FunctionReference listener_;
};

/** Shared by the functions of the JavaScript object. */
struct Handle {
  DescriptorSocket* socket;

  DescriptorSocket& open(Napi::Env env) const {
    if (socket == nullptr) throw Napi::Error::New(env, "this socket is closed");
    return *socket;
  }
};

}  // namespace

Napi::Value openDescriptorSocket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto handle = std::make_shared<Handle>();
  throwingToJs(env, [&] {
    auto socket = std::make_unique<DescriptorSocket>(env, info[0].ToString().Utf8Value(), info[1].As<Napi::Function>());
    socket->start();
    handle->socket = socket.release();
  });
  Napi::Object object = Napi::Object::New(env);
  object.Set("write", Napi::Function::New(env, [handle](const Napi::CallbackInfo& call) {
               const auto bytes = call[0].As<Napi::Uint8Array>();
               DescriptorSocket& socket = handle->open(call.Env());
               throwingToJs(call.Env(), [&] { socket.write(bytes.Data(), bytes.ByteLength()); });
             }));
  object.Set("close", Napi::Function::New(env, [handle](const Napi::CallbackInfo& call) {
               handle->open(call.Env()).close();
               handle->socket = nullptr;
             }));
  return object;
}

}  // namespace callnative
