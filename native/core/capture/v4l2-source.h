// A V4L2 camera as a source of I420 frames: the device, the chosen mode and the converter.
#pragma once

#include <linux/videodev2.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
  void skip() override { giveBack(); }
  std::size_t jpegCapacity() const override;
  void lendJpegBuffer(std::span<std::uint8_t> target) override { jpegTarget_ = target; }
  std::size_t jpegLength() const override { return jpegLength_; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }
  const std::vector<std::string>& notes() const override { return notes_; }

 private:
  void open(const std::string& path);
  /** Sets the mode and starts streaming. Throws SystemError, with code 0 for a mode that cannot be shown. */
  void start(const Mode& mode);
  /** Waits for one buffer. */
  bool waitForBuffer(int stopFd);
  /** Waits for the second field of the frame of which buffer_ holds the first one. */
  bool waitForOtherField(int stopFd);
  FrameVerdict convert(std::uint8_t* target, const std::uint8_t* previous);
  void giveBack();

  std::unique_ptr<V4l2Device> device_;
  Mode mode_;
  V4l2Format format_{};
  PixelConverter converter_;
  std::vector<std::string> notes_;
  DeviceBuffer buffer_;
  /** The field before that in buffer_, if both belong to one frame. */
  std::optional<DeviceBuffer> earlierField_;
  int passedOver_ = 0;
  std::span<std::uint8_t> jpegTarget_;
  std::size_t jpegLength_ = 0;
  std::int64_t capturedAtUs_ = 0;
};

}  // namespace callnative
