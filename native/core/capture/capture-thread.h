// Runs one source on its own thread and writes its pictures into the pool. It ends when it is stopped or when
// the source fails. JavaScript is not known here.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "pixels/frame-pool.h"
#include "capture/picture-source.h"
#include "system/system-error.h"
#include "system/unique-fd.h"

namespace callnative {

/** Starts with its construction, which throws SystemError where eventfd(2) fails. */
class CaptureThread {
 public:
  /** `wake` is called on the capture thread after each published picture and once when the source failed. */
  CaptureThread(std::unique_ptr<PictureSource> source, std::shared_ptr<FramePool> pool, std::function<void()> wake);
  CaptureThread(const CaptureThread&) = delete;
  CaptureThread& operator=(const CaptureThread&) = delete;
  ~CaptureThread() { stop(); }

  /** Joins the thread and closes the source. Any thread may call it, any number of times. */
  void stop();
  /** The failure that ended the source, given out once. */
  std::optional<SystemError> takeFailure();

 private:
  /** On the capture thread, all signals blocked there; leaves when stopFd_ becomes readable or the source throws. */
  void run();
  /** Keeps the reason for whoever takes it. */
  void fail(const SystemError& error);
  /** One picture from the source to the pool. Without a free slot it is skipped, never waited for. */
  void passOn();

  std::unique_ptr<PictureSource> source_;
  std::shared_ptr<FramePool> pool_;
  std::function<void()> wake_;
  /** eventfd(2): lets poll wait for the driver and for stop() at once. */
  UniqueFd stopFd_;
  /** Guards failure_, which the capture thread writes and JavaScript's thread reads. */
  std::mutex failureMutex_;
  std::optional<SystemError> failure_;
  /** Guards the join: close() and the environment's end may come at the same time. */
  std::mutex stopMutex_;
  std::thread thread_;
};

}  // namespace callnative
