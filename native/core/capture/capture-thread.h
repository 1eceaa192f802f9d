// Runs one source on its own thread and writes its frames into the pool, until it is stopped or the source fails.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "pixels/frame-pool.h"
#include "capture/frame-source.h"
#include "system/system-error.h"
#include "system/unique-fd.h"

namespace callnative {

/** The constructor starts the thread. It throws SystemError when eventfd(2) fails. */
class CaptureThread {
 public:
  /** `wake` is called on the capture thread after each published frame and once when the source failed. */
  CaptureThread(std::unique_ptr<FrameSource> source, std::shared_ptr<FramePool> pool, std::function<void()> wake);
  CaptureThread(const CaptureThread&) = delete;
  CaptureThread& operator=(const CaptureThread&) = delete;
  ~CaptureThread() { stop(); }

  /** Joins the thread and closes the source. Any thread may call it, any number of times. */
  void stop();
  /** The failure that ended the source. Returned once. */
  std::optional<SystemError> takeFailure();

 private:
  /** The capture thread's function, with all signals blocked. Returns when stopFd_ is readable or the source throws. */
  void run();
  /** Stores the failure for takeFailure(). */
  void fail(const SystemError& error);
  /** Moves one frame from the source to the pool. Without a free slot the frame is skipped. */
  void passOn();

  std::unique_ptr<FrameSource> source_;
  std::shared_ptr<FramePool> pool_;
  std::function<void()> wake_;
  /** eventfd(2), so that one poll waits for the driver and for stop(). */
  UniqueFd stopFd_;
  /** Guards failure_, which the capture thread writes and JavaScript's thread reads. */
  std::mutex failureMutex_;
  std::optional<SystemError> failure_;
  /** Guards the join: close() and the end of the environment may run at the same time. */
  std::mutex stopMutex_;
  /** The slot of the last frame that was worth showing. Its pixels replace the missing rows of a damaged one. */
  std::optional<int> shown_;
  std::thread thread_;
};

}  // namespace callnative
