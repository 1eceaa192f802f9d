// From what cameras deliver to I420 of video range, and from there to RGBA. Reads nothing beyond the bytes given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capture/v4l2-device.h"

namespace callnative {

/** I420 of video range (BT.601) to bytes in the order R, G, B, A. */
void i420ToRgba(const std::uint8_t* picture, int width, int height, std::uint8_t* rgba);

/** Serves one thread at a time; keeps its scratch memory from picture to picture. */
class PixelConverter {
 public:
  /** Fills `target` (i420Size bytes); false when `bytes` are too few or no whole picture of that size. */
  bool convert(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target);

 private:
  bool decodeJpeg(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target);
  bool decodePlanar(void* decompressor, std::span<const std::uint8_t> bytes, int width, int height, bool is422,
                    std::uint8_t* target);
  bool decodeByColours(void* decompressor, std::span<const std::uint8_t> bytes, int width, int height, std::uint8_t* target);

  std::vector<std::uint8_t> scratch_;
};

}  // namespace callnative
