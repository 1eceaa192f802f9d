// See v4l2-source.h.
#include "v4l2-source.h"

#include "clock.h"
#include "system-error.h"
#include "v4l2-formats.h"

namespace callnative {

namespace {

/** As many as the device can hold beside the one in hand; see kBuffers. */
constexpr int kMostPassedOver = 3;

/** The driver's own stamp as Unix time; the time of now where it gives none on the monotonic clock. */
std::int64_t captureTimeUs(const v4l2_buffer& buffer) {
  const std::int64_t stampUs = static_cast<std::int64_t>(buffer.timestamp.tv_sec) * 1'000'000 + buffer.timestamp.tv_usec;
  const bool isMonotonic = (buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  if (!isMonotonic || stampUs == 0) return unixTimeUs();
  return unixTimeUs() - (monotonicNs() / 1000 - stampUs);
}

}  // namespace

V4l2Source::V4l2Source(const std::string& path, const Wish& wish) : device_(path) {
  if (!V4l2Device::capturesVideo(device_.capability())) {
    throw SystemError("VIDIOC_QUERYCAP", 0, path, path + " does not capture video");
  }
  const auto chosen = chooseMode(enumerateModes(device_, &wish), wish);
  if (!chosen) {
    throw SystemError("VIDIOC_ENUM_FMT", 0, path, path + " offers no " + (wish.fourcc.empty() ? "YUYV, UYVY, NV12, YU12 or MJPG" : wish.fourcc) + " pictures");
  }
  mode_ = *chosen;
  format_ = device_.configure(mode_);
  device_.startStreaming();
}

bool V4l2Source::wait(int stopFd) {
  do {
    if (!device_.wait(stopFd)) return false;
  } while (!device_.dequeue(buffer_));
  // A thread that was held up finds several pictures; only the newest is worth converting. Bounded, since a driver
  // may fill buffers as fast as they are given back.
  v4l2_buffer newer{};
  for (passedOver_ = 0; passedOver_ < kMostPassedOver && device_.dequeue(newer); passedOver_++) {
    device_.enqueue(buffer_);
    buffer_ = newer;
  }
  return true;
}

bool V4l2Source::take(std::uint8_t* target) {
  capturedAtUs_ = captureTimeUs(buffer_);
  bool isWhole = false;
  if ((buffer_.flags & V4L2_BUF_FLAG_ERROR) == 0) {
    isWhole = converter_.convert(format_, device_.mapped(buffer_.index).bytes(buffer_.bytesused), target);
  }
  device_.enqueue(buffer_);
  return isWhole;
}

}  // namespace callnative
