// A camera made of arithmetic: a moving picture of moderate detail that carries its own time stamp.
#pragma once

#include <cstdint>
#include <vector>

#include "picture-source.h"

namespace callnative {

class TestPattern final : public PictureSource {
 public:
  /** Throws SystemError for sizes that the stamp does not fit in. */
  explicit TestPattern(const Wish& wish);

  const Mode& mode() const override { return mode_; }
  bool wait(int stopFd) override;
  bool take(std::uint8_t* target) override;
  void skip() override { sequence_++; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }

 private:
  void drawBackground();
  void drawBar(std::uint8_t* target) const;
  void drawBox(std::uint8_t* target) const;

  Mode mode_;
  std::vector<std::uint8_t> background_;
  std::int64_t periodNs_;
  std::int64_t deadlineNs_ = 0;
  std::int64_t capturedAtUs_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace callnative
