// Turns an I420 frame upright, as WebRTC's video orientation asks: 3GPP TS 26.114, 7.4.5.
#pragma once

#include <cstdint>
#include <vector>

namespace callnative {

/** A borrowed I420 frame without padding. */
struct FrameView {
  const std::uint8_t* data;
  int width;
  int height;
};

/** Whether this is a clockwise turn in degrees that a frame can have: 0, 90, 180 or 270. */
constexpr bool isRotation(int degrees) { return degrees == 0 || degrees == 90 || degrees == 180 || degrees == 270; }

/** Whether the turn exchanges width and height. */
constexpr bool isSideways(int degrees) { return degrees == 90 || degrees == 270; }

/** Serves one thread at a time and reuses its memory. */
class Rotator {
 public:
  /** Turns clockwise by `degrees` (see isRotation). 0 returns the frame itself, uncopied; any other result is valid until the
   *  next call. Throws std::runtime_error when libyuv refuses the frame. */
  FrameView upright(const FrameView& frame, int degrees);

 private:
  std::vector<std::uint8_t> turned_;
};

}  // namespace callnative
