// A connection to a sound server (PulseAudio's protocol, which PipeWire speaks too) that follows its devices. It runs on a
// thread of its own, and never starts a server.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sound-server/server-state.h"

namespace callnative {

/** Everything since the last call of take(). */
struct ServerUpdates {
  std::vector<ServerChange> changes;
  /** The newest state. */
  std::optional<ServerState> state;
  /** Why the connection ended. Nothing follows. */
  std::optional<std::string> end;
};

class ServerConnection {
 public:
  /** `server` as in PULSE_SERVER, `cookie` a file; empty: libpulse's defaults. `onUpdate` is called on the thread. */
  ServerConnection(std::string server, std::string cookie, std::function<void()> onUpdate);
  ~ServerConnection() { stop(); }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  /** Any thread. */
  ServerUpdates take();
  /** Any thread but the connection's own: ends the thread. Idempotent. */
  void stop();

 private:
  class Loop;
  void run();

  const std::string server_, cookie_;
  const std::function<void()> onUpdate_;
  std::mutex mutex_;
  ServerUpdates updates_;
  bool isStopping_ = false;
  Loop* loop_ = nullptr;
  std::thread thread_;
};

}  // namespace callnative
