// Converts raw frames to I420, and joins the fields of interlaced ones.
#pragma once

#include <cstdint>

#include "raw/raw-format.h"

namespace callnative {

/** Where converted lines go. The strides of a field are twice those of its frame. */
struct I420Target {
  /** All lines of a frame in `frame`, i420Size bytes. */
  I420Target(std::uint8_t* frame, int frameWidth, int frameHeight);
  /** The lines of the upper or the lower field. The height of the frame is divisible by four. */
  I420Target field(bool isLower) const;

  std::uint8_t* y;
  std::uint8_t* u;
  std::uint8_t* v;
  int yStride;
  int chromaStride;
  int width;
  int height;
};

/** Converts the first lines of `frame`, as many as the target has. False if libyuv refuses the size. */
bool convertRaw(const RawFormat& raw, const RawFrame& frame, const I420Target& to);
/** Fills the lines of the lower field of a frame from those around them. */
void fillLowerField(const I420Target& frame);

}  // namespace callnative
