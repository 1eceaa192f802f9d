// The one picture format inside the addon: I420 of video range (BT.601, Y 16 to 235), planes without padding,
// chroma sizes rounded up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace callnative {

/** What a source delivers, or shall deliver. */
struct Mode {
  /** Pixels. */
  int width = 0;
  int height = 0;
  /** Pictures a second. */
  double fps = 0;
  /** V4L2 pixel format as four characters, such as YUYV or MJPG; I420 for the pattern. */
  std::string fourcc;
};

/** What is asked of a source. A device takes what is nearest; its Mode says what that was. */
struct Wish {
  int width = 0;
  int height = 0;
  double fps = 0;
  /** Empty for any. */
  std::string fourcc = "";
};

/** Of either side: an odd picture's last column or row has chroma of its own. */
inline int chromaSize(int size) { return size / 2 + size % 2; }

/** Bytes of one whole picture. */
inline std::size_t i420Size(int width, int height) {
  const std::size_t luma = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t chroma = static_cast<std::size_t>(chromaSize(width)) * static_cast<std::size_t>(chromaSize(height));
  return luma + 2 * chroma;
}

/** Planes of a picture that somebody else owns. Byte is uint8_t or const uint8_t. */
template <typename Byte>
struct I420Planes {
  I420Planes(Byte* data, int pictureWidth, int pictureHeight)
      : y(data), width(pictureWidth), height(pictureHeight), chromaStride(chromaSize(pictureWidth)) {
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
