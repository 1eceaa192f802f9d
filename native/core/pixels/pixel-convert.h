// Converts camera formats to I420 of video range, and I420 to RGBA. Never reads beyond the given bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capture/v4l2-device.h"

namespace callnative {

/** Converts I420 of video range (BT.601) to bytes in the order R, G, B, A. */
void i420ToRgba(const std::uint8_t* frame, int width, int height, std::uint8_t* rgba);

/** Serves one thread at a time and reuses its scratch memory. */
class PixelConverter {
 public:
  /** Fills `target` (i420Size bytes). Returns false when `bytes` do not hold a whole frame of that size. */
  bool convert(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target);

 private:
  bool decodeJpeg(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target);
  bool decodePlanar(void* decompressor, std::span<const std::uint8_t> bytes, int width, int height, bool is422,
                    std::uint8_t* target);
  bool decodeByColours(void* decompressor, std::span<const std::uint8_t> bytes, int width, int height, std::uint8_t* target);

  std::vector<std::uint8_t> scratch_;
};

}  // namespace callnative
