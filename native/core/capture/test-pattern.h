// A synthetic camera: moving frames of moderate detail that carry their own time stamp.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/frame-source.h"

namespace callnative {

class TestPattern final : public FrameSource {
 public:
  /** Throws SystemError for sizes that are too small for the stamp. */
  explicit TestPattern(const CaptureConstraints& constraints);

  const Mode& mode() const override { return mode_; }
  /** Sleeps in ppoll(2) until the next frame is due. A pattern that fell behind does not catch up. */
  bool wait(int stopFd) override;
  /** Always true. */
  FrameVerdict take(std::uint8_t* target, const std::uint8_t* previous) override;
  /** Increments the number, so that a skipped frame shows as a gap in the stamps. */
  void skip() override { sequence_++; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }

 private:
  void drawBackground();
  void drawBar(std::uint8_t* target) const;
  void drawBox(std::uint8_t* target) const;

  Mode mode_;
  /** Drawn once; each frame is a copy of it with bar, box and stamp on top. */
  std::vector<std::uint8_t> background_;
  std::int64_t periodNs_;
  /** Monotonic time at which the next frame is due; 0 before the first. */
  std::int64_t deadlineNs_ = 0;
  std::int64_t capturedAtUs_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace callnative
