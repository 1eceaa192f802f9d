// One open capture as JavaScript sees it: the thread, the pool, and the call back into JavaScript. The session lives until
// its thread-safe function is finalised, after close() or when the environment ends.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "capture/capture-thread.h"
#include "pixels/frame-pool.h"

namespace callnative {

class CaptureSession : public std::enable_shared_from_this<CaptureSession> {
 public:
  /** `pool` has buffers of the mode's size. Each buffer is shared: any holder keeps its memory alive. */
  CaptureSession(const Mode& mode, std::vector<std::string> notes, std::shared_ptr<FramePool> pool)
      : mode_(mode), notes_(std::move(notes)), pool_(std::move(pool)) {}

  /** Main thread. `listener(slot, capturedAtUs, error, jpegLength)` is called for each frame, and once with slot -1 and the
   *  error when the source failed. */
  void start(Napi::Env env, std::unique_ptr<FrameSource> source, const Napi::Function& listener);
  /** The object that the façade works with: mode, notes, buffers, jpegBuffers, counters(), giveBack(slot), close(). */
  Napi::Object toObject(Napi::Env env);
  /** Any thread: joins the capture thread and closes the device. */
  void stop() { thread_->stop(); }
  /** Main thread, after stop(): releases the listener. */
  void release();

 private:
  /** Main thread. Delivers at most one frame. */
  static void onWake(Napi::Env env, Napi::Function listener, CaptureSession* session, void* data);
  /** Joins the thread when a worker or the process ends without close(): it must not outlive the environment. */
  static void onEnvironmentEnd(void* session);
  using Wake = Napi::TypedThreadSafeFunction<CaptureSession, void, onWake>;

  /** Delivers the waiting frame, then a failure, so that the last frame comes before the error. */
  void deliver(Napi::Env env, const Napi::Function& listener);
  /** Resolves when the device is closed. Throws on a second call; the façade prevents that. */
  Napi::Value close(Napi::Env env);

  Mode mode_;
  std::vector<std::string> notes_;
  std::shared_ptr<FramePool> pool_;
  std::unique_ptr<CaptureThread> thread_;
  Wake wake_;
  napi_env env_ = nullptr;
  /** Main thread only, so it needs no lock. */
  bool closing_ = false;
};

}  // namespace callnative
