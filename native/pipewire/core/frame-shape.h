// What is shown of a buffer: a part of it, mirrored or turned. A shared window comes in a larger buffer, a phone's camera lies
// on its side. SPA_META_VideoCrop, SPA_META_VideoTransform.
#pragma once

#include <spa/buffer/buffer.h>

#include <cstdint>
#include <vector>

#include "capture/mode-choice.h"

namespace callnative {

struct FrameShape {
  /** The part within the buffer, in pixels; its left and upper edge are even, since chroma has half the size. */
  int left = 0;
  int top = 0;
  Size part{};
  /** Left and right are exchanged before the turn. */
  bool isMirrored = false;
  /** Clockwise degrees: 0, 90, 180 or 270. */
  int rotation = 0;

  /** Of what is shown. */
  Size shown() const;
  /** Whether a frame of this size is shown as it is. */
  bool isWhole(const Size& frame) const;
};

/** The whole frame where the buffer says nothing, or names a part that is not within it. */
FrameShape shapeOf(const spa_buffer& buffer, const Size& frame);

/** Writes what is shown of an I420 frame to `target`. Serves one thread at a time and reuses its memory. */
class Reshaper {
 public:
  /** Where a frame of this size is to be written before reshape(). */
  std::uint8_t* frame(const Size& size);
  /** False if libyuv refuses the size. */
  bool reshape(const FrameShape& shape, std::uint8_t* target);

 private:
  Size size_{};
  std::vector<std::uint8_t> frame_;
  std::vector<std::uint8_t> part_;
};

}  // namespace callnative
