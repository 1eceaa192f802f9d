// One open capture as JavaScript sees it: the thread, the pool, and the call back into JavaScript.
// It lives until its thread-safe function is finalised, which close() or the end of the environment brings about.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "capture/capture-thread.h"
#include "pixels/frame-pool.h"

namespace callnative {

class CaptureSession : public std::enable_shared_from_this<CaptureSession> {
 public:
  /** `pool` has buffers of the mode's size; whoever holds one of them keeps its memory alive. */
  CaptureSession(const Mode& mode, std::shared_ptr<FramePool> pool) : mode_(mode), pool_(std::move(pool)) {}

  /** Main thread. `listener(slot, capturedAtUs, error, jpegLength)` is called for each picture, and once with slot -1 and the
   *  error when the source failed. */
  void start(Napi::Env env, std::unique_ptr<PictureSource> source, const Napi::Function& listener);
  /** The object that the façade works with: mode, buffers, jpegBuffers, counters(), giveBack(slot), close(). */
  Napi::Object toObject(Napi::Env env);
  /** Any thread: joins the capture thread and closes the device. */
  void stop() { thread_->stop(); }
  /** Main thread, after stop(): lets go of the listener. */
  void release();

 private:
  /** Main thread. Delivers one picture at most: a wake-up means "look at the pool". */
  static void onWake(Napi::Env env, Napi::Function listener, CaptureSession* session, void* data);
  /** A worker or the process ends without close(): joins the thread, which must not outlive the environment. */
  static void onEnvironmentEnd(void* session);
  using Wake = Napi::TypedThreadSafeFunction<CaptureSession, void, onWake>;

  /** Picks the waiting picture and a failure up, in this order, so that the last picture comes before the error. */
  void deliver(Napi::Env env, const Napi::Function& listener);
  /** Resolves when the device is closed. Throws when it was called before; the façade makes that harmless. */
  Napi::Value close(Napi::Env env);

  Mode mode_;
  std::shared_ptr<FramePool> pool_;
  std::unique_ptr<CaptureThread> thread_;
  Wake wake_;
  napi_env env_ = nullptr;
  /** Main thread only, so it needs no lock. */
  bool closing_ = false;
};

}  // namespace callnative
