// A V4L2 camera as a source of I420 frames: the device, the chosen mode and the converter.
#pragma once

#include <linux/videodev2.h>

#include <memory>
#include <span>
#include <string>

#include "capture/frame-source.h"
#include "pixels/pixel-convert.h"
#include "capture/v4l2-device.h"

namespace callnative {

class V4l2Source final : public FrameSource {
 public:
  /** Opens the device, chooses the nearest mode that the bus can carry, and starts streaming. Throws SystemError. */
  V4l2Source(const std::string& path, const CaptureConstraints& constraints);

  const Mode& mode() const override { return mode_; }
  bool wait(int stopFd) override;
  int passedOver() const override { return passedOver_; }
  FrameVerdict take(std::uint8_t* target, const std::uint8_t* previous) override;
  void skip() override { device_->enqueue(buffer_); }
  std::size_t jpegCapacity() const override;
  void lendJpegBuffer(std::span<std::uint8_t> target) override { jpegTarget_ = target; }
  std::size_t jpegLength() const override { return jpegLength_; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }

 private:
  void open(const std::string& path);

  std::unique_ptr<V4l2Device> device_;
  Mode mode_;
  V4l2Format format_{};
  PixelConverter converter_;
  v4l2_buffer buffer_{};
  int passedOver_ = 0;
  std::span<std::uint8_t> jpegTarget_;
  std::size_t jpegLength_ = 0;
  std::int64_t capturedAtUs_ = 0;
};

}  // namespace callnative
