// Converts camera formats to I420 of video range, and I420 to RGBA. Never reads beyond the given bytes.
#pragma once

#include <cstdint>
#include <span>

#include "jpeg/jpeg-decode.h"
#include "jpeg/normal-jpeg.h"
#include "pixels/frame-verdict.h"
#include "raw/raw-format.h"

namespace callnative {

/** Converts I420 of video range (BT.601) to bytes in the order R, G, B, A. */
void i420ToRgba(const std::uint8_t* frame, int width, int height, std::uint8_t* rgba);

/** Serves one thread at a time and reuses its memory. */
class PixelConverter {
 public:
  /** Fills `target` (i420Size bytes of the shown height). `previous` is the frame shown before, of the same size, or null:
   *  see JpegDecoder. */
  FrameVerdict convertBuffers(const V4l2Format& format, const FrameBytes& bytes, std::uint8_t* target,
                              const std::uint8_t* previous = nullptr);
  /** The same for a format with all its planes in one buffer. */
  FrameVerdict convert(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target,
                       const std::uint8_t* previous = nullptr);
  /** Joins two buffers of Fields::alternate to one frame. */
  FrameVerdict joinFields(const V4l2Format& format, const FrameBytes& upper, const FrameBytes& lower, std::uint8_t* target);

  /** The frame last converted as a standard JPEG, until the next one; empty unless all of its rows were decoded from JPEG. */
  std::span<const std::uint8_t> jpeg() const { return jpeg_; }

 private:
  FrameVerdict decodeJpeg(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target,
                          const std::uint8_t* previous);
  /** Removes bytes between the coded data of an undamaged frame, which may turn out to be damaged. */
  FrameVerdict trimmed(FrameVerdict verdict);

  NormalJpeg normal_;
  JpegDecoder decoder_;
  std::span<const std::uint8_t> jpeg_;
};

}  // namespace callnative
