// The loop: wait, find a slot, convert, publish, wake.
#include "capture/capture-thread.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>

#include "system/start-thread.h"

namespace callnative {

namespace {

/** The main thread handles signals; they must not interrupt a capture thread. */
void blockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

CaptureThread::CaptureThread(std::unique_ptr<FrameSource> source, std::shared_ptr<FramePool> pool,
                             std::function<void()> wake)
    : source_(std::move(source)),
      pool_(std::move(pool)),
      wake_(std::move(wake)),
      stopFd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (stopFd_.get() < 0) throwErrno("eventfd", "the capture thread's stop signal");
  thread_ = startThread([this] { run(); });
}

void CaptureThread::stop() {
  const std::lock_guard lock(stopMutex_);
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  // An eventfd with a count below its maximum takes the write at once; EINTR cannot lose it either.
  while (::write(stopFd_.get(), &one, sizeof one) < 0 && errno == EINTR) continue;
  thread_.join();
  source_.reset();
  pool_->finish();
}

std::optional<SystemError> CaptureThread::takeFailure() {
  const std::lock_guard lock(failureMutex_);
  return std::exchange(failure_, std::nullopt);
}

void CaptureThread::run() {
  blockSignals();
  pthread_setname_np(pthread_self(), "capture");
  try {
    while (source_->wait(stopFd_.get())) passOn();
  } catch (const SystemError& error) {
    fail(error);
  } catch (const std::exception& error) {
    // For example std::bad_alloc: an exception that leaves a thread's function ends the process.
    fail(SystemError("capture", 0, "the capture thread", std::string("capturing failed: ") + error.what()));
  }
}

void CaptureThread::fail(const SystemError& error) {
  {
    const std::lock_guard lock(failureMutex_);
    failure_ = error;
  }
  wake_();
}

void CaptureThread::passOn() {
  pool_->countPassedOver(source_->passedOver());
  const std::optional<int> slot = pool_->beginWrite();
  if (!slot) {
    source_->skip();
    return;
  }
  const auto index = static_cast<std::size_t>(*slot);
  if (!pool_->jpegBuffers().empty()) source_->lendJpegBuffer(*pool_->jpegBuffers()[index]);
  // Consumers only read frames, so the last one shown is unchanged until its slot is written again.
  const std::uint8_t* previous = shown_ && *shown_ != *slot ? pool_->buffers()[static_cast<std::size_t>(*shown_)]->data() : nullptr;
  FrameVerdict verdict = unusable(FaultSet());
  try {
    verdict = source_->take(pool_->buffers()[index]->data(), previous);
  } catch (...) {
    // Without this the slot would be missing from the counters' sum.
    pool_->abandon(*slot, verdict);
    throw;
  }
  if (!verdict.isShown) {
    if (shown_ == slot) shown_.reset();
    pool_->abandon(*slot, verdict);
    return;
  }
  shown_ = slot;
  pool_->publish(*slot, source_->capturedAtUs(), source_->jpegLength(), verdict);
  wake_();
}

}  // namespace callnative
