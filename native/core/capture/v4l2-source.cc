// See v4l2-source.h.
#include "capture/v4l2-source.h"

#include <cerrno>
#include <vector>

#include "system/clock.h"
#include "pixels/jpeg-frame.h"
#include "capture/mode-choice.h"
#include "system/system-error.h"
#include "capture/usb-bandwidth.h"
#include "capture/v4l2-formats.h"

namespace callnative {

namespace {

/** As many as the device can hold beside the one in hand; see kBuffers. */
constexpr int kMostPassedOver = 3;

/** A camera's JPEG has up to half a byte for each pixel, seldom more; one that has more is passed on as pixels only. */
constexpr std::size_t kJpegHeaders = 64 * 1024;

/** ENOSPC is the USB host's word; uvcvideo says EIO where the camera has no setting of the bandwidth it asks for. */
bool isBusFull(const SystemError& error) {
  return error.code() == ENOSPC || (error.code() == EIO && error.operation() == "VIDIOC_STREAMON");
}

/** The driver's own stamp as Unix time; the time of now where it gives none on the monotonic clock. */
std::int64_t captureTimeUs(const v4l2_buffer& buffer) {
  const std::int64_t stampUs = static_cast<std::int64_t>(buffer.timestamp.tv_sec) * 1'000'000 + buffer.timestamp.tv_usec;
  const bool isMonotonic = (buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  if (!isMonotonic || stampUs == 0) return unixTimeUs();
  return unixTimeUs() - (monotonicNs() / 1000 - stampUs);
}

}  // namespace

V4l2Source::V4l2Source(const std::string& path, const Wish& wish) {
  open(path);
  std::vector<Mode> modes = enumerateModes(*device_, &wish);
  for (;;) {
    const auto chosen = chooseMode(modes, wish, carriedBytesPerSecond(path));
    if (!chosen) {
      throw SystemError("VIDIOC_ENUM_FMT", 0, path, path + " offers no " + (wish.fourcc.empty() ? "YUYV, UYVY, NV12, YU12 or MJPG" : wish.fourcc) + " pictures");
    }
    try {
      mode_ = *chosen;
      format_ = device_->configure(mode_);
      device_->startStreaming();
      return;
    } catch (const SystemError& error) {
      modes = modesBelow(modes, *chosen);
      if (!isBusFull(error) || !chooseMode(modes, wish)) throw;
      open(path);
    }
  }
}

void V4l2Source::open(const std::string& path) {
  // Before it is opened anew: some drivers let a node be opened once.
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
  // A thread that was held up finds several pictures; only the newest is worth converting. Bounded, since a driver
  // may fill buffers as fast as they are given back.
  v4l2_buffer newer{};
  for (passedOver_ = 0; passedOver_ < kMostPassedOver && device_->dequeue(newer); passedOver_++) {
    device_->enqueue(buffer_);
    buffer_ = newer;
  }
  return true;
}

bool V4l2Source::take(std::uint8_t* target) {
  capturedAtUs_ = captureTimeUs(buffer_);
  jpegLength_ = 0;
  bool isWhole = false;
  if ((buffer_.flags & V4L2_BUF_FLAG_ERROR) == 0) {
    const auto bytes = device_->mapped(buffer_.index).bytes(buffer_.bytesused);
    isWhole = converter_.convert(format_, bytes, target);
    if (isWhole && !jpegTarget_.empty()) jpegLength_ = copyWholeJpeg(bytes, jpegTarget_);
  }
  device_->enqueue(buffer_);
  return isWhole;
}

}  // namespace callnative
