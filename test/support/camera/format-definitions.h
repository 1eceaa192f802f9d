// The raw formats by their definitions in the kernel's V4L2 documentation, "Image Formats": written apart from the product, so
// that tests compare the product with them.
#pragma once

#include <linux/videodev2.h>

#include <array>
#include <cstdint>
#include <vector>

namespace definitions {

enum class Layout { packed, semiPlanar, planar, rgb, grey };

struct Definition {
  std::uint32_t fourcc;
  Layout layout;
  /** Packed: offsets of Y, U, V in four bytes. RGB: offsets of R, G, B in a pixel. Else the places of U and V. */
  std::array<int, 3> at;
  int bytesPerPixel = 1;
  bool hasHalfChromaLines = true;
  bool isInSeveral = false;
};

constexpr Definition kDefinitions[] = {
    {V4L2_PIX_FMT_YUYV, Layout::packed, {0, 1, 3}},
    {V4L2_PIX_FMT_YVYU, Layout::packed, {0, 3, 1}},
    {V4L2_PIX_FMT_UYVY, Layout::packed, {1, 0, 2}},
    {V4L2_PIX_FMT_VYUY, Layout::packed, {1, 2, 0}},
    {V4L2_PIX_FMT_NV12, Layout::semiPlanar, {0, 0, 1}},
    {V4L2_PIX_FMT_NV21, Layout::semiPlanar, {0, 1, 0}},
    {V4L2_PIX_FMT_NV16, Layout::semiPlanar, {0, 0, 1}, 1, false},
    {V4L2_PIX_FMT_NV12M, Layout::semiPlanar, {0, 0, 1}, 1, true, true},
    {V4L2_PIX_FMT_NV21M, Layout::semiPlanar, {0, 1, 0}, 1, true, true},
    {V4L2_PIX_FMT_NV16M, Layout::semiPlanar, {0, 0, 1}, 1, false, true},
    {V4L2_PIX_FMT_YUV420, Layout::planar, {0, 1, 2}},
    {V4L2_PIX_FMT_YVU420, Layout::planar, {0, 2, 1}},
    {V4L2_PIX_FMT_YUV420M, Layout::planar, {0, 1, 2}, 1, true, true},
    {V4L2_PIX_FMT_YVU420M, Layout::planar, {0, 2, 1}, 1, true, true},
    {V4L2_PIX_FMT_RGB24, Layout::rgb, {0, 1, 2}, 3},
    {V4L2_PIX_FMT_BGR24, Layout::rgb, {2, 1, 0}, 3},
    {V4L2_PIX_FMT_BGR32, Layout::rgb, {2, 1, 0}, 4},
    {V4L2_PIX_FMT_XBGR32, Layout::rgb, {2, 1, 0}, 4},
    {V4L2_PIX_FMT_RGBX32, Layout::rgb, {0, 1, 2}, 4},
    {V4L2_PIX_FMT_BGRX32, Layout::rgb, {3, 2, 1}, 4},
    {V4L2_PIX_FMT_XRGB32, Layout::rgb, {1, 2, 3}, 4},
    {V4L2_PIX_FMT_GREY, Layout::grey, {0, 0, 0}},
};

/** A plane of colours in one of the buffers. `used`: bytes of a line without padding. */
struct Plane {
  int memory;
  int offset;
  int stride;
  int used;
  int rows;
};

inline int half(int size) { return (size + 1) / 2; }

inline int usedBytes(const Definition& definition, int plane, int width) {
  switch (definition.layout) {
    case Layout::packed: return half(width) * 4;
    case Layout::semiPlanar: return plane == 0 ? width : half(width) * 2;
    case Layout::planar: return plane == 0 ? width : half(width);
    case Layout::rgb: return width * definition.bytesPerPixel;
    case Layout::grey: break;
  }
  return width;
}

/** `padding` bytes follow each line of the first plane, and of each plane that has a buffer of its own. */
inline std::vector<Plane> planesOf(const Definition& definition, int width, int height, int padding) {
  const int count = definition.layout == Layout::semiPlanar ? 2 : definition.layout == Layout::planar ? 3 : 1;
  const bool sharesLines = definition.layout == Layout::semiPlanar && !definition.isInSeveral;
  const int first = usedBytes(definition, sharesLines ? 1 : 0, width) + padding;
  std::vector<Plane> planes;
  int offset = 0;
  for (int plane = 0; plane < count; plane++) {
    const int used = usedBytes(definition, plane, width);
    const int own = definition.isInSeveral ? used + padding : definition.layout == Layout::planar ? half(first) : first;
    const int stride = plane == 0 ? first : own;
    const int rows = plane > 0 && definition.hasHalfChromaLines ? half(height) : height;
    planes.push_back({definition.isInSeveral ? plane : 0, definition.isInSeveral ? 0 : offset, stride, used, rows});
    offset += stride * rows;
  }
  return planes;
}

}  // namespace definitions
