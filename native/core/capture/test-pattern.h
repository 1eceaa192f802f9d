// A camera made of arithmetic: a moving picture of moderate detail that carries its own time stamp.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/picture-source.h"

namespace callnative {

class TestPattern final : public PictureSource {
 public:
  /** Throws SystemError for sizes that the stamp does not fit in. */
  explicit TestPattern(const Wish& wish);

  const Mode& mode() const override { return mode_; }
  /** Sleeps in ppoll(2) until the next picture is due; one that fell behind starts anew rather than hurrying. */
  bool wait(int stopFd) override;
  /** Always true: arithmetic does not get damaged. */
  bool take(std::uint8_t* target) override;
  /** Counts on, so that a picture left out shows as a gap in the stamps. */
  void skip() override { sequence_++; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }

 private:
  void drawBackground();
  void drawBar(std::uint8_t* target) const;
  void drawBox(std::uint8_t* target) const;

  Mode mode_;
  /** Drawn once; each picture is a copy of it with bar, box and stamp on top. */
  std::vector<std::uint8_t> background_;
  std::int64_t periodNs_;
  /** When the next picture is due, monotonic; 0 before the first. */
  std::int64_t deadlineNs_ = 0;
  std::int64_t capturedAtUs_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace callnative
