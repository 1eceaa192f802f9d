// See connection.h.
#include "connection.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "system/system-error.h"

namespace callnative {

namespace {

/** A daemon makes its socket a moment before it answers. After these attempts the next change of the socket counts. */
constexpr int kMostAttempts = 6;
constexpr std::int64_t kFirstDelayMs = 50;
constexpr std::int64_t kNow = 0;

/** The library never unloads, so this happens once. Its lines on stderr would not be JSON. */
void initialize() {
  static const bool done = [] {
    pw_init(nullptr, nullptr);
    if (std::getenv("PIPEWIRE_DEBUG") == nullptr) pw_log_set_level(SPA_LOG_LEVEL_NONE);
    return true;
  }();
  static_cast<void>(done);
}

std::string folderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string nameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

SystemError setupError(const char* operation) { return {operation, 0, "PipeWire", std::string("PipeWire's library cannot be set up: ") + operation}; }

}  // namespace

PipeWireConnection::PipeWireConnection(std::string socket, std::function<void()> onChange)
    : PipeWireConnection(std::move(socket), UniqueFd(), std::move(onChange)) {}

PipeWireConnection::PipeWireConnection(UniqueFd connected, std::function<void()> onChange)
    : PipeWireConnection(std::string(), std::move(connected), std::move(onChange)) {}

PipeWireConnection::PipeWireConnection(std::string socket, UniqueFd connected, std::function<void()> onChange)
    : socket_(std::move(socket)), given_(std::move(connected)), onChange_(std::move(onChange)) {
  initialize();
  try {
    loop_ = pw_thread_loop_new("pipewire", nullptr);
    if (loop_ == nullptr) throw setupError("pw_thread_loop_new");
    // Real time is the sound's alone. See plugin/priority.
    context_ = pw_context_new(pw_thread_loop_get_loop(loop_), pw_properties_new("module.rt", "false", nullptr), 0);
    if (context_ == nullptr) throw setupError("pw_context_new");
    pw_loop* loop = pw_thread_loop_get_loop(loop_);
    const auto onTimer = [](void* self, std::uint64_t) {
      auto& connection = *static_cast<PipeWireConnection*>(self);
      connection.disconnect();
      if (!connection.isRefused_ && connection.attempts_ < kMostAttempts) connection.connect();
    };
    timer_ = pw_loop_add_timer(loop, onTimer, this);
    if (timer_ == nullptr) throw setupError("pw_loop_add_timer");
    watchSocket();
    schedule(kNow);
    if (pw_thread_loop_start(loop_) < 0) throw setupError("pw_thread_loop_start");
  } catch (const SystemError&) {
    destroy();
    throw;
  }
}

PipeWireConnection::~PipeWireConnection() { destroy(); }

void PipeWireConnection::destroy() {
  if (loop_ == nullptr) return;
  pw_thread_loop_stop(loop_);
  nodes_.reset();
  if (core_ != nullptr) {
    spa_hook_remove(&coreListener_);
    pw_core_disconnect(core_);
  }
  pw_loop* loop = pw_thread_loop_get_loop(loop_);
  if (watchSource_ != nullptr) pw_loop_destroy_source(loop, watchSource_);
  if (timer_ != nullptr) pw_loop_destroy_source(loop, timer_);
  if (context_ != nullptr) pw_context_destroy(context_);
  pw_thread_loop_destroy(loop_);
}

ConnectionState PipeWireConnection::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void PipeWireConnection::silence() {
  const std::lock_guard lock(mutex_);
  onChange_ = [] {};
}

void PipeWireConnection::watchSocket() {
  if (socket_.empty()) return;
  watch_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (watch_.get() < 0) return;
  // Without such a folder there is no daemon of this user. A session makes it before any program runs.
  if (::inotify_add_watch(watch_.get(), folderOf(socket_).c_str(), IN_CREATE | IN_MOVED_TO) < 0) return;
  const auto onEvent = [](void* self, int, std::uint32_t) { static_cast<PipeWireConnection*>(self)->onSocketChange(); };
  watchSource_ = pw_loop_add_io(pw_thread_loop_get_loop(loop_), watch_.get(), SPA_IO_IN, false, onEvent, this);
}

void PipeWireConnection::onSocketChange() {
  alignas(inotify_event) char events[4096];
  bool isSocket = false;
  for (ssize_t length = 0; (length = ::read(watch_.get(), events, sizeof events)) > 0;) {
    for (char* at = events; at < events + length;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      isSocket = isSocket || (event->len > 0 && nameOf(socket_) == event->name);
      at += sizeof(inotify_event) + event->len;
    }
  }
  if (!isSocket || core_ != nullptr) return;
  attempts_ = 0;
  isRefused_ = false;
  schedule(kFirstDelayMs);
}

void PipeWireConnection::schedule(std::int64_t delayMs) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  // Zero would disarm the timer.
  timespec delay{delayMs / 1000, static_cast<long>(delayMs % 1000 * kNsPerMs) + 1};
  pw_loop_update_timer(pw_thread_loop_get_loop(loop_), timer_, &delay, nullptr, false);
}

void PipeWireConnection::connect() {
  static const pw_core_events kEvents = [] {
    pw_core_events events{};
    events.version = PW_VERSION_CORE_EVENTS;
    events.error = [](void* self, std::uint32_t id, int, int result, const char* message) {
      static_cast<PipeWireConnection*>(self)->onCoreError(id, result, message);
    };
    return events;
  }();
  if (socket_.empty() && given_.get() < 0) return;
  if (socket_.empty()) core_ = pw_context_connect_fd(context_, given_.release(), nullptr, 0);
  else core_ = pw_context_connect(context_, pw_properties_new(PW_KEY_REMOTE_NAME, socket_.c_str(), nullptr), 0);
  if (core_ == nullptr) {
    const int code = errno;
    isRefused_ = code == EACCES || code == EPERM;
    fail(std::string("no PipeWire at ") + (socket_.empty() ? "the portal's descriptor" : socket_) + ": " + std::strerror(code));
    attempts_++;
    if (code != ENOENT && attempts_ < kMostAttempts && !socket_.empty()) schedule(kFirstDelayMs << attempts_);
    return;
  }
  isLost_ = false;
  pw_core_add_listener(core_, &coreListener_, &kEvents, this);
  const auto onRemoved = [this](std::uint32_t id) {
    for (ConnectionListener* listener : listeners_) listener->onNodeRemoved(id);
  };
  nodes_ = std::make_unique<NodeList>(core_, [this] { onNodes(); }, onRemoved);
}

void PipeWireConnection::disconnect() {
  if (core_ == nullptr) return;
  // A stream removes itself while it learns this.
  for (ConnectionListener* listener : std::vector(listeners_)) listener->onConnectionLost();
  nodes_.reset();
  spa_hook_remove(&coreListener_);
  pw_core_disconnect(core_);
  core_ = nullptr;
}

void PipeWireConnection::onCoreError(std::uint32_t id, int result, const char* message) {
  // Other errors belong to one object, such as a node that went before it was bound.
  if (id != PW_ID_CORE) return;
  const std::string reason = message == nullptr ? "" : message;
  if (result == -EACCES || result == -EPERM) {
    isRefused_ = true;
    fail("PipeWire refuses this program: " + reason);
    return;
  }
  if (result != -EPIPE || std::exchange(isLost_, true)) return;
  if (!isRefused_) fail("the connection to PipeWire ended: " + reason);
  // The core must not be destroyed within its own event. A daemon that ends the connection before it answers would do so again.
  schedule(attempts_ == 0 ? kNow : kFirstDelayMs << attempts_);
  attempts_++;
}

void PipeWireConnection::onNodes() {
  attempts_ = 0;
  publish({true, true, false, "", nodes_->nodes()});
}

void PipeWireConnection::fail(const std::string& problem) { publish({true, false, isRefused_, problem, {}}); }

void PipeWireConnection::publish(ConnectionState state) {
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
  onChange_();
}

}  // namespace callnative
