// See raw-format.h.
#include "raw/raw-format.h"

#include <linux/videodev2.h>

#include <algorithm>

#include "pixels/frame.h"

namespace callnative {

namespace {

constexpr bool kSwapped = true;
constexpr bool kUsual = false;

constexpr RawFormat kFormats[] = {
    {V4L2_PIX_FMT_YUYV, RawKind::packedLumaFirst, false, 1, 1, kUsual},
    {V4L2_PIX_FMT_UYVY, RawKind::packedChromaFirst, false, 1, 1, kUsual},
    {V4L2_PIX_FMT_NV12, RawKind::semiPlanar, false, 2, 1, kUsual},
    {V4L2_PIX_FMT_YUV420, RawKind::planar, false, 2, 1, kUsual},
    {V4L2_PIX_FMT_NV12M, RawKind::semiPlanar, false, 2, 2, kUsual},
    {V4L2_PIX_FMT_YUV420M, RawKind::planar, false, 2, 3, kUsual},
    {V4L2_PIX_FMT_YVYU, RawKind::packedLumaFirst, kSwapped},
    {V4L2_PIX_FMT_VYUY, RawKind::packedChromaFirst, kSwapped},
    {V4L2_PIX_FMT_NV21, RawKind::semiPlanar, kSwapped, 2},
    {V4L2_PIX_FMT_NV21M, RawKind::semiPlanar, kSwapped, 2, 2},
    {V4L2_PIX_FMT_YVU420, RawKind::planar, kSwapped, 2},
    {V4L2_PIX_FMT_YVU420M, RawKind::planar, kSwapped, 2, 3},
    {V4L2_PIX_FMT_NV16, RawKind::semiPlanar},
    {V4L2_PIX_FMT_NV16M, RawKind::semiPlanar, false, 1, 2},
    {V4L2_PIX_FMT_RGB24, RawKind::rgb},
    {V4L2_PIX_FMT_BGR24, RawKind::bgr},
    {V4L2_PIX_FMT_BGR32, RawKind::bgrx},
    {V4L2_PIX_FMT_XBGR32, RawKind::bgrx},
    {V4L2_PIX_FMT_RGBX32, RawKind::rgbx},
    {V4L2_PIX_FMT_BGRX32, RawKind::xbgr},
    {V4L2_PIX_FMT_XRGB32, RawKind::xrgb},
    {V4L2_PIX_FMT_GREY, RawKind::grey},
};

/** Whether `rows` lines of `used` bytes, `stride` apart, fit in `available` bytes. */
bool fits(std::size_t available, int stride, int used, int rows) {
  if (stride < used) return false;
  const auto line = static_cast<std::size_t>(stride);
  return available >= line * static_cast<std::size_t>(rows - 1) + static_cast<std::size_t>(used);
}

int planesOf(const RawFormat& raw) {
  if (raw.kind == RawKind::semiPlanar) return 2;
  return raw.kind == RawKind::planar ? 3 : 1;
}

int rowsOf(const RawFormat& raw, int plane, int height) {
  return plane > 0 && raw.linesPerChroma == 2 ? chromaSize(height) : height;
}

/** Bytes of a line of one plane of colours, without padding. */
int usedBytes(const RawFormat& raw, int plane, int width) {
  switch (raw.kind) {
    case RawKind::packedLumaFirst:
    case RawKind::packedChromaFirst: return chromaSize(width) * 4;
    case RawKind::semiPlanar: return plane == 0 ? width : chromaSize(width) * 2;
    case RawKind::planar: return plane == 0 ? width : chromaSize(width);
    case RawKind::rgb:
    case RawKind::bgr: return width * 3;
    case RawKind::bgrx:
    case RawKind::rgbx:
    case RawKind::xbgr:
    case RawKind::xrgb: return width * 4;
    case RawKind::grey: break;
  }
  return width;
}

/** The chroma lines of planes in one buffer follow from those of luma: V4L2, "Planar YUV formats". */
int strideOf(const RawFormat& raw, const V4l2Format& format, int plane) {
  const int own = plane > 0 && raw.memoryPlanes > 1 ? format.chromaBytesPerLine[static_cast<std::size_t>(plane - 1)] : 0;
  if (own > 0) return own;
  const int first = format.bytesPerLine > 0 ? format.bytesPerLine : leastBytesPerLine(raw, format.width);
  const int derived = plane > 0 && raw.kind == RawKind::planar ? chromaSize(first) : first;
  return plane > 0 && raw.memoryPlanes > 1 ? std::max(derived, usedBytes(raw, plane, format.width)) : derived;
}

bool isPacked(const RawFormat& raw) { return raw.kind == RawKind::packedLumaFirst || raw.kind == RawKind::packedChromaFirst; }

/** Some drivers end the lines of an odd width in the middle of a pair of pixels. */
bool isCutInPair(const RawFormat& raw, const V4l2Format& format) {
  return isPacked(raw) && format.width % 2 != 0 && format.bytesPerLine == 2 * format.width;
}

int usedPerLine(const RawFormat& raw, const V4l2Format& format, int plane) {
  return isCutInPair(raw, format) ? format.bytesPerLine : usedBytes(raw, plane, format.width);
}

}  // namespace

std::string fourccName(std::uint32_t fourcc) {
  std::string name;
  for (unsigned shift = 0; shift < 32; shift += 8) name += static_cast<char>((fourcc >> shift) & 0x7F);
  return name;
}

std::uint32_t fourccOf(const std::string& name) { return v4l2_fourcc(name.at(0), name.at(1), name.at(2), name.at(3)); }

bool isJpegFormat(std::uint32_t fourcc) { return fourcc == V4L2_PIX_FMT_MJPEG || fourcc == V4L2_PIX_FMT_JPEG; }

int shownHeight(const V4l2Format& format) {
  constexpr int kPair = ~1;
  switch (format.fields) {
    case Fields::single:
    case Fields::alternate: return (format.height & kPair) * 2;
    case Fields::upperFirst:
    case Fields::lowerFirst: return (format.height / 2 & kPair) * 2;
    case Fields::inPlace: break;
  }
  return format.height;
}

std::span<const RawFormat> rawFormats() { return kFormats; }

const RawFormat* rawFormatOf(std::uint32_t fourcc) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats), [&](const RawFormat& raw) { return raw.fourcc == fourcc; });
  return found == std::end(kFormats) ? nullptr : found;
}

bool isRgb(const RawFormat& raw) {
  switch (raw.kind) {
    case RawKind::rgb:
    case RawKind::bgr:
    case RawKind::bgrx:
    case RawKind::rgbx:
    case RawKind::xbgr:
    case RawKind::xrgb: return true;
    default: return false;
  }
}

double bytesPerPixel(const RawFormat& raw) {
  constexpr int kSide = 2;
  int bytes = 0;
  for (int plane = 0; plane < planesOf(raw); plane++) bytes += usedBytes(raw, plane, kSide) * rowsOf(raw, plane, kSide);
  return static_cast<double>(bytes) / (kSide * kSide);
}

int leastBytesPerLine(const RawFormat& raw, int width) {
  // In one buffer the lines of U and V in turn are as long as those of luma, and an odd width needs a byte more.
  const int plane = raw.kind == RawKind::semiPlanar && raw.memoryPlanes == 1 ? 1 : 0;
  return usedBytes(raw, plane, width);
}

bool hasLongEnoughLines(const RawFormat& raw, const V4l2Format& format) {
  for (int plane = 0; plane < planesOf(raw); plane++) {
    if (strideOf(raw, format, plane) < usedPerLine(raw, format, plane)) return false;
  }
  return true;
}

std::size_t leastSize(const RawFormat& raw, const V4l2Format& format, int memoryPlane) {
  std::size_t size = 0;
  for (int plane = 0; plane < planesOf(raw); plane++) {
    if (raw.memoryPlanes > 1 && plane != memoryPlane) continue;
    const auto rows = static_cast<std::size_t>(rowsOf(raw, plane, format.height));
    const auto stride = static_cast<std::size_t>(strideOf(raw, format, plane));
    const bool isLast = raw.memoryPlanes > 1 || plane == planesOf(raw) - 1;
    size += isLast ? stride * (rows - 1) + static_cast<std::size_t>(usedPerLine(raw, format, plane)) : stride * rows;
  }
  return size;
}

std::optional<RawFrame> layOut(const RawFormat& raw, const V4l2Format& format, const FrameBytes& bytes) {
  RawFrame frame;
  frame.width = format.width;
  frame.height = format.height;
  frame.isCut = isCutInPair(raw, format);
  std::size_t at = 0;
  for (int plane = 0; plane < planesOf(raw); plane++) {
    if (raw.memoryPlanes > 1) at = 0;
    const auto memory = bytes[raw.memoryPlanes > 1 ? static_cast<std::size_t>(plane) : 0];
    const int stride = strideOf(raw, format, plane);
    const int rows = rowsOf(raw, plane, format.height);
    if (at > memory.size() || !fits(memory.size() - at, stride, usedPerLine(raw, format, plane), rows)) return std::nullopt;
    frame.planes[static_cast<std::size_t>(plane)] = {memory.data() + at, stride};
    at += static_cast<std::size_t>(stride) * static_cast<std::size_t>(rows);
  }
  return frame;
}

RawFrame fieldOf(const RawFormat& raw, const RawFrame& frame, int index) {
  RawFrame field = frame;
  field.height = frame.height / 2;
  for (int plane = 0; plane < planesOf(raw); plane++) {
    RawPlane& lines = field.planes[static_cast<std::size_t>(plane)];
    const int rows = rowsOf(raw, plane, frame.height) / 2;
    lines.start += static_cast<std::ptrdiff_t>(lines.stride) * rows * index;
  }
  return field;
}

}  // namespace callnative
