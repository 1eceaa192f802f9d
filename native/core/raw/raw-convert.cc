// libyuv converts, except for 4:2:2 with U and V in turn, which it cannot.
#include "raw/raw-convert.h"

#include <libyuv.h>

#include <utility>

#include "pixels/frame.h"

namespace callnative {

namespace {

/** Adds the last column of an odd width whose lines end in the middle of a pair. It takes the later chroma from the pair before. */
void addLastColumn(const RawFormat& raw, const RawPlane& lines, const I420Target& to) {
  const int luma = raw.kind == RawKind::packedLumaFirst ? 0 : 1;
  const auto at = [&](int row) { return lines.start + static_cast<std::ptrdiff_t>(row) * lines.stride + 2 * (to.width - 1); };
  for (int row = 0; row < to.height; row++) to.y[static_cast<std::ptrdiff_t>(row) * to.yStride + to.width - 1] = at(row)[luma];
  const int last = chromaSize(to.width) - 1;
  for (int row = 0; row < chromaSize(to.height); row++) {
    const int next = row * 2 + 1 < to.height ? row * 2 + 1 : row * 2;
    const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(row) * to.chromaStride;
    to.u[line + last] = static_cast<std::uint8_t>((at(row * 2)[1 - luma] + at(next)[1 - luma] + 1) / 2);
    to.v[line + last] = last > 0 ? to.v[line + last - 1] : 128;
  }
}

bool fromPacked(const RawFormat& raw, const RawFrame& frame, const I420Target& to) {
  const RawPlane& lines = frame.planes[0];
  const auto convert = raw.kind == RawKind::packedLumaFirst ? libyuv::YUY2ToI420 : libyuv::UYVYToI420;
  const int width = frame.isCut ? to.width - 1 : to.width;
  const bool isDone = width == 0 || convert(lines.start, lines.stride, to.y, to.yStride, to.u, to.chromaStride, to.v,
                                            to.chromaStride, width, to.height) == 0;
  if (isDone && frame.isCut) addLastColumn(raw, lines, to);
  return isDone;
}

/** The mean of two lines of U and V in turn. */
void averageChroma(const std::uint8_t* line, const std::uint8_t* next, std::uint8_t* u, std::uint8_t* v, int width) {
  for (int x = 0; x < width; x++) {
    u[x] = static_cast<std::uint8_t>((line[2 * x] + next[2 * x] + 1) / 2);
    v[x] = static_cast<std::uint8_t>((line[2 * x + 1] + next[2 * x + 1] + 1) / 2);
  }
}

bool fromSemiPlanar(const RawFormat& raw, const RawFrame& frame, const I420Target& to) {
  const RawPlane& luma = frame.planes[0];
  const RawPlane& chroma = frame.planes[1];
  if (raw.linesPerChroma == 2) {
    return libyuv::NV12ToI420(luma.start, luma.stride, chroma.start, chroma.stride, to.y, to.yStride, to.u, to.chromaStride,
                              to.v, to.chromaStride, to.width, to.height) == 0;
  }
  libyuv::CopyPlane(luma.start, luma.stride, to.y, to.yStride, to.width, to.height);
  for (int row = 0; row < chromaSize(to.height); row++) {
    const std::uint8_t* line = chroma.start + static_cast<std::ptrdiff_t>(chroma.stride) * row * 2;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(to.chromaStride) * row;
    averageChroma(line, row * 2 + 1 < to.height ? line + chroma.stride : line, to.u + at, to.v + at, chromaSize(to.width));
  }
  return true;
}

bool fromPlanar(const RawFrame& frame, const I420Target& to) {
  const auto& [y, u, v] = frame.planes;
  return libyuv::I420Copy(y.start, y.stride, u.start, u.stride, v.start, v.stride, to.y, to.yStride, to.u, to.chromaStride,
                          to.v, to.chromaStride, to.width, to.height) == 0;
}

/** libyuv names formats by their order in a little-endian word: its RAW is R, G, B in memory, its ABGR is R, G, B, A. */
auto rgbConversion(RawKind kind) {
  switch (kind) {
    case RawKind::rgb: return libyuv::RAWToI420;
    case RawKind::bgr: return libyuv::RGB24ToI420;
    case RawKind::rgbx: return libyuv::ABGRToI420;
    case RawKind::xbgr: return libyuv::RGBAToI420;
    case RawKind::xrgb: return libyuv::BGRAToI420;
    default: return libyuv::ARGBToI420;
  }
}

bool fromRgb(const RawFormat& raw, const RawFrame& frame, const I420Target& to) {
  return rgbConversion(raw.kind)(frame.planes[0].start, frame.planes[0].stride, to.y, to.yStride, to.u, to.chromaStride, to.v, to.chromaStride,
                 to.width, to.height) == 0;
}

bool fromGrey(const RawFrame& frame, const I420Target& to) {
  return libyuv::I400ToI420(frame.planes[0].start, frame.planes[0].stride, to.y, to.yStride, to.u, to.chromaStride, to.v,
                            to.chromaStride, to.width, to.height) == 0;
}

/** Each second line becomes the mean of its neighbours, the last one equal to the line above. */
void fillLines(std::uint8_t* plane, int stride, int width, int height) {
  constexpr int kHalf = 128;
  const int pair = 2 * stride;
  const int between = height / 2 - 1;
  if (between > 0) libyuv::InterpolatePlane(plane, pair, plane + pair, pair, plane + stride, pair, width, between, kHalf);
  const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(pair) * between;
  libyuv::CopyPlane(plane + last, stride, plane + last + stride, stride, width, 1);
}

}  // namespace

I420Target::I420Target(std::uint8_t* frame, int frameWidth, int frameHeight)
    : y(frame), yStride(frameWidth), chromaStride(chromaSize(frameWidth)), width(frameWidth), height(frameHeight) {
  const I420Planes<std::uint8_t> planes(frame, frameWidth, frameHeight);
  u = planes.u;
  v = planes.v;
}

I420Target I420Target::field(bool isLower) const {
  I420Target lines = *this;
  if (isLower) {
    lines.y += yStride;
    lines.u += chromaStride;
    lines.v += chromaStride;
  }
  lines.yStride *= 2;
  lines.chromaStride *= 2;
  lines.height /= 2;
  return lines;
}

bool convertRaw(const RawFormat& raw, const RawFrame& frame, const I420Target& to) {
  I420Target target = to;
  if (raw.isSwapped) std::swap(target.u, target.v);
  switch (raw.kind) {
    case RawKind::packedLumaFirst:
    case RawKind::packedChromaFirst: return fromPacked(raw, frame, target);
    case RawKind::semiPlanar: return fromSemiPlanar(raw, frame, target);
    case RawKind::planar: return fromPlanar(frame, target);
    case RawKind::rgb:
    case RawKind::bgr:
    case RawKind::bgrx:
    case RawKind::rgbx:
    case RawKind::xbgr:
    case RawKind::xrgb: return fromRgb(raw, frame, target);
    case RawKind::grey: break;
  }
  return fromGrey(frame, target);
}

void fillLowerField(const I420Target& frame) {
  fillLines(frame.y, frame.yStride, frame.width, frame.height);
  fillLines(frame.u, frame.chromaStride, chromaSize(frame.width), frame.height / 2);
  fillLines(frame.v, frame.chromaStride, chromaSize(frame.width), frame.height / 2);
}

}  // namespace callnative
