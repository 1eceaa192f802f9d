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

bool isSameFrame(const Mode& mode, const Mode& other) {
  return mode.fourcc == other.fourcc && mode.width == other.width && mode.height == other.height;
}

SystemError noFrames(const V4l2Device& device, const CaptureConstraints& constraints) {
  const std::string& path = device.path();
  if (!constraints.fourcc.empty()) return {"VIDIOC_ENUM_FMT", 0, path, path + " offers no " + constraints.fourcc + " frames"};
  std::string offered;
  for (const std::uint32_t fourcc : enumerateFormats(device)) offered += (offered.empty() ? "" : ", ") + fourccName(fourcc);
  return {"VIDIOC_ENUM_FMT", 0, path, path + " offers " + (offered.empty() ? "no frames" : offered) + ", expected one of " + convertibleNames()};
}

bool isField(const DeviceBuffer& buffer) {
  return buffer.info.field == V4L2_FIELD_TOP || buffer.info.field == V4L2_FIELD_BOTTOM;
}

bool isMarked(const DeviceBuffer& buffer) { return (buffer.info.flags & V4L2_BUF_FLAG_ERROR) != 0; }

}  // namespace

V4l2Source::V4l2Source(const std::string& path, const CaptureConstraints& constraints) {
  open(path);
  std::vector<Mode> modes = enumerateModes(*device_, &constraints);
  for (;;) {
    const auto chosen = chooseMode(modes, constraints, busBytesPerSecond(path));
    if (!chosen) throw noFrames(*device_, constraints);
    try {
      start(*chosen);
      return;
    } catch (const SystemError& error) {
      if (isBusFull(error)) modes = modesBelow(modes, *chosen);
      else if (error.code() == 0) std::erase_if(modes, [&](const Mode& mode) { return isSameFrame(mode, *chosen); });
      else throw;
      if (!chooseMode(modes, constraints)) throw;
      open(path);
    }
  }
}

void V4l2Source::open(const std::string& path) {
  // Closed first: some drivers let a node be opened only once.
  device_.reset();
  device_ = std::make_unique<V4l2Device>(path);
  if (!device_->capturesVideo()) throw SystemError("VIDIOC_QUERYCAP", 0, path, path + " does not capture video");
}

void V4l2Source::start(const Mode& mode) {
  mode_ = mode;
  const DriverFormat driver = device_->configure(mode_);
  const PlaneLengths lengths = device_->mapBuffers(driver.planes);
  JudgedFormat judged = judgeFormat(driver, lengths, device_->path());
  format_ = judged.format;
  notes_ = std::move(judged.notes);
  mode_.height = shownHeight(format_);
  device_->startStreaming();
}

std::size_t V4l2Source::jpegCapacity() const {
  if (!isJpegFormat(format_.fourcc)) return 0;
  return kJpegHeaders + static_cast<std::size_t>(format_.width) * static_cast<std::size_t>(format_.height) / 2;
}

bool V4l2Source::waitForBuffer(int stopFd) {
  do {
    if (!device_->wait(stopFd)) return false;
  } while (!device_->dequeue(buffer_));
  return true;
}

bool V4l2Source::wait(int stopFd) {
  passedOver_ = 0;
  if (!waitForBuffer(stopFd)) return false;
  if (format_.fields == Fields::alternate) return waitForOtherField(stopFd);
  // After a delay several frames may be ready, and only the newest is converted. The loop is bounded, because a driver
  // may fill buffers as fast as they are given back.
  DeviceBuffer newer;
  for (; passedOver_ < kMostPassedOver && device_->dequeue(newer); passedOver_++) {
    device_->enqueue(buffer_);
    buffer_ = newer;
  }
  return true;
}

bool V4l2Source::waitForOtherField(int stopFd) {
  const DeviceBuffer first = buffer_;
  if (!waitForBuffer(stopFd)) return false;
  if (isField(first) && isField(buffer_) && first.info.field != buffer_.info.field) {
    earlierField_ = first;
    return true;
  }
  // The field between them was lost, or the driver does not tell which field it is. The newer one is shown alone.
  DeviceBuffer lone = first;
  device_->enqueue(lone);
  return true;
}

FrameVerdict V4l2Source::convert(std::uint8_t* target, const std::uint8_t* previous) {
  const FrameBytes bytes = device_->bytesIn(buffer_);
  if (!earlierField_) return converter_.convertBuffers(format_, bytes, target, previous);
  const FrameBytes earlier = device_->bytesIn(*earlierField_);
  const bool isLower = buffer_.info.field == V4L2_FIELD_BOTTOM;
  return converter_.joinFields(format_, isLower ? earlier : bytes, isLower ? bytes : earlier, target);
}

FrameVerdict V4l2Source::take(std::uint8_t* target, const std::uint8_t* previous) {
  capturedAtUs_ = captureTimeUs(buffer_.info);
  jpegLength_ = 0;
  const bool isFaulty = isMarked(buffer_) || (earlierField_ && isMarked(*earlierField_));
  FrameVerdict verdict = unusable(FrameFault::markedByDriver);
  // Only JPEG shows what is wrong with it. Some webcams report errors with frames that are whole.
  if (!isFaulty || isJpegFormat(format_.fourcc)) {
    verdict = convert(target, previous);
    if (isFaulty) {
      verdict.faults.add(FrameFault::markedByDriver);
      if (verdict.quality == FrameQuality::whole) verdict.quality = FrameQuality::repaired;
    }
  }
  giveBack();
  if (const auto jpeg = converter_.jpeg(); verdict.isShown && jpeg.size() <= jpegTarget_.size()) {
    std::copy(jpeg.begin(), jpeg.end(), jpegTarget_.begin());
    jpegLength_ = jpeg.size();
  }
  return verdict;
}

void V4l2Source::giveBack() {
  if (earlierField_) {
    DeviceBuffer earlier = *earlierField_;
    earlierField_.reset();
    device_->enqueue(earlier);
  }
  device_->enqueue(buffer_);
}

}  // namespace callnative
