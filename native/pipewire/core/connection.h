// A connection to a PipeWire daemon with a thread of its own: the daemon's video sources, and the loop that streams run on.
#pragma once

#include <pipewire/pipewire.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "node-list.h"
#include "system/unique-fd.h"

namespace callnative {

/** What a stream learns of its connection. Called on the loop's thread, with its lock. */
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual void onNodeRemoved(std::uint32_t id) = 0;
  /** The stream must leave the daemon's connection, which is about to be closed. */
  virtual void onConnectionLost() = 0;
};

struct ConnectionState {
  /** False until the first list or the first failure. */
  bool isSettled = false;
  bool isConnected = false;
  /** The daemon runs, but does not let this process in. */
  bool isRefused = false;
  /** Why it is not connected; empty if it is. */
  std::string problem;
  std::vector<SourceNode> nodes;
};

class PipeWireConnection {
 public:
  /**
   * Connects to the daemon's socket, and again whenever it comes back: inotify(7) tells when the socket is made.
   * @param onChange called on the loop's thread; `state()` has changed. Throws SystemError where the client library fails.
   */
  PipeWireConnection(std::string socket, std::function<void()> onChange);
  /** The same over a connected descriptor, as the desktop's portal gives it. It is not connected again. */
  PipeWireConnection(UniqueFd connected, std::function<void()> onChange);
  PipeWireConnection(const PipeWireConnection&) = delete;
  PipeWireConnection& operator=(const PipeWireConnection&) = delete;
  /** Any thread but the loop's. Every stream holds its connection, so none is left. */
  ~PipeWireConnection();

  /** A copy. Any thread. */
  ConnectionState state() const;
  /** From then on `onChange` is not called. Any thread but the loop's. */
  void silence();

  /** For streams. Holds the loop's lock, which every function of libpipewire needs. */
  class Locked {
   public:
    explicit Locked(const PipeWireConnection& connection) : loop_(connection.loop_) { pw_thread_loop_lock(loop_); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() { pw_thread_loop_unlock(loop_); }

   private:
    pw_thread_loop* loop_;
  };

  /** With the lock: null while there is no connection. */
  pw_core* core() const { return core_; }
  const NodeList* nodes() const { return nodes_.get(); }
  /** With the lock: the daemon has gone, and core() is about to be closed. A stream learns of it by its state as well. */
  bool isLost() const { return isLost_; }
  void add(ConnectionListener* listener) { listeners_.push_back(listener); }
  void remove(const ConnectionListener* listener) { std::erase(listeners_, listener); }

 private:
  PipeWireConnection(std::string socket, UniqueFd connected, std::function<void()> onChange);

  /** The following run on the loop's thread. */
  void connect();
  void disconnect();
  void watchSocket();
  void onSocketChange();
  void onCoreError(std::uint32_t id, int result, const char* message);
  void onNodes();
  void schedule(std::int64_t delayMs);
  /** Publishes a state without nodes. */
  void fail(const std::string& problem);
  void publish(ConnectionState state);

  void destroy();

  std::string socket_;
  /** The descriptor to connect by, until it was used. */
  UniqueFd given_;
  UniqueFd watch_;
  pw_thread_loop* loop_ = nullptr;
  pw_context* context_ = nullptr;
  pw_core* core_ = nullptr;
  spa_hook coreListener_{};
  spa_source* timer_ = nullptr;
  spa_source* watchSource_ = nullptr;
  std::unique_ptr<NodeList> nodes_;
  std::vector<ConnectionListener*> listeners_;
  int attempts_ = 0;
  bool isLost_ = false;
  /** Until the socket is made again. */
  bool isRefused_ = false;

  /** Guards state_ and onChange_. */
  mutable std::mutex mutex_;
  ConnectionState state_;
  std::function<void()> onChange_;
};

}  // namespace callnative
