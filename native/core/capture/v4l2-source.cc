// See v4l2-source.h.
#include "capture/v4l2-source.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "system/clock.h"
#include "capture/mode-choice.h"
#include "system/system-error.h"
#include "capture/usb-bandwidth.h"
#include "capture/v4l2-formats.h"

namespace callnative {

namespace {

/** All buffers of the device but the one in hand; see kBuffers. */
constexpr int kMostPassedOver = 3;

/** A camera's JPEG rarely exceeds half a byte per pixel. A larger one is passed on as pixels only. */
constexpr std::size_t kJpegHeaders = 64 * 1024;

/** The USB host reports ENOSPC. uvcvideo reports EIO when the camera has no alternate setting of enough bandwidth. */
bool isBusFull(const SystemError& error) {
  return error.code() == ENOSPC || (error.code() == EIO && error.operation() == "VIDIOC_STREAMON");
}

/** The driver's time stamp as Unix time, or the current time if it has none on the monotonic clock. */
std::int64_t captureTimeUs(const v4l2_buffer& buffer) {
  const std::int64_t stampUs = static_cast<std::int64_t>(buffer.timestamp.tv_sec) * 1'000'000 + buffer.timestamp.tv_usec;
  const bool isMonotonic = (buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  if (!isMonotonic || stampUs == 0) return unixTimeUs();
  return unixTimeUs() - (monotonicNs() / 1000 - stampUs);
}

}  // namespace

V4l2Source::V4l2Source(const std::string& path, const CaptureConstraints& constraints) {
  open(path);
  std::vector<Mode> modes = enumerateModes(*device_, &constraints);
  for (;;) {
    const auto chosen = chooseMode(modes, constraints, busBytesPerSecond(path));
    if (!chosen) {
      throw SystemError("VIDIOC_ENUM_FMT", 0, path, path + " offers no " + (constraints.fourcc.empty() ? "YUYV, UYVY, NV12, YU12 or MJPG" : constraints.fourcc) + " frames");
    }
    try {
      mode_ = *chosen;
      format_ = device_->configure(mode_);
      device_->startStreaming();
      return;
    } catch (const SystemError& error) {
      modes = modesBelow(modes, *chosen);
      if (!isBusFull(error) || !chooseMode(modes, constraints)) throw;
      open(path);
    }
  }
}

void V4l2Source::open(const std::string& path) {
  // Closed first: some drivers let a node be opened only once.
  device_.reset();
  device_ = std::make_unique<V4l2Device>(path);
  if (!V4l2Device::capturesVideo(device_->capability())) {
    throw SystemError("VIDIOC_QUERYCAP", 0, path, path + " does not capture video");
  }
}

std::size_t V4l2Source::jpegCapacity() const {
  if (format_.fourcc != V4L2_PIX_FMT_MJPEG) return 0;
  return kJpegHeaders + static_cast<std::size_t>(format_.width) * static_cast<std::size_t>(format_.height) / 2;
}

bool V4l2Source::wait(int stopFd) {
  do {
    if (!device_->wait(stopFd)) return false;
  } while (!device_->dequeue(buffer_));
  // After a delay several frames may be ready, and only the newest is converted. The loop is bounded, because a driver
  // may fill buffers as fast as they are given back.
  v4l2_buffer newer{};
  for (passedOver_ = 0; passedOver_ < kMostPassedOver && device_->dequeue(newer); passedOver_++) {
    device_->enqueue(buffer_);
    buffer_ = newer;
  }
  return true;
}

FrameVerdict V4l2Source::take(std::uint8_t* target, const std::uint8_t* previous) {
  capturedAtUs_ = captureTimeUs(buffer_);
  jpegLength_ = 0;
  const bool isMarked = (buffer_.flags & V4L2_BUF_FLAG_ERROR) != 0;
  FrameVerdict verdict = unusable(FrameFault::markedByDriver);
  // Only JPEG shows what is wrong with it. Some webcams report errors with frames that are whole.
  if (!isMarked || format_.fourcc == V4L2_PIX_FMT_MJPEG) {
    const auto bytes = device_->mapped(buffer_.index).bytes(buffer_.bytesused);
    verdict = converter_.convert(format_, bytes, target, previous);
    if (isMarked) {
      verdict.faults.add(FrameFault::markedByDriver);
      if (verdict.quality == FrameQuality::whole) verdict.quality = FrameQuality::repaired;
    }
  }
  device_->enqueue(buffer_);
  if (const auto jpeg = converter_.jpeg(); verdict.isShown && jpeg.size() <= jpegTarget_.size()) {
    std::copy(jpeg.begin(), jpeg.end(), jpegTarget_.begin());
    jpegLength_ = jpeg.size();
  }
  return verdict;
}

}  // namespace callnative
