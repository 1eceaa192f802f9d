// The one frame format inside the addon: I420 of video range (BT.601, Y 16 to 235), planes without padding,
// chroma sizes rounded up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace callnative {

/** A format, size and rate that a source delivers. */
struct Mode {
  /** Pixels. */
  int width = 0;
  int height = 0;
  /** Frames a second. */
  double fps = 0;
  /** V4L2 pixel format as four characters, such as YUYV or MJPG; I420 for the test pattern. */
  std::string fourcc;
};

/** What the caller asks of a source. A device uses its nearest mode and reports it as Mode. */
struct CaptureConstraints {
  int width = 0;
  int height = 0;
  double fps = 0;
  /** Empty for any. */
  std::string fourcc = "";
};

/** Chroma samples along a side. The last column or row of an odd size has chroma of its own. */
inline int chromaSize(int size) { return size / 2 + size % 2; }

/** Bytes of one whole frame. */
inline std::size_t i420Size(int width, int height) {
  const std::size_t luma = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t chroma = static_cast<std::size_t>(chromaSize(width)) * static_cast<std::size_t>(chromaSize(height));
  return luma + 2 * chroma;
}

/** The planes of a borrowed frame. Byte is uint8_t or const uint8_t. */
template <typename Byte>
struct I420Planes {
  I420Planes(Byte* data, int frameWidth, int frameHeight)
      : y(data), width(frameWidth), height(frameHeight), chromaStride(chromaSize(frameWidth)) {
    u = y + static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    v = u + static_cast<std::size_t>(chromaStride) * static_cast<std::size_t>(chromaSize(height));
  }

  Byte* y;
  Byte* u;
  Byte* v;
  int width;
  int height;
  int chromaStride;
};

}  // namespace callnative
