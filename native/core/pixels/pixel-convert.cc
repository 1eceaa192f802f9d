// libyuv converts raw formats. See jpeg/ for MJPG.
#include "pixels/pixel-convert.h"

#include <libyuv.h>
#include <linux/videodev2.h>

#include "pixels/colour-range.h"
#include "pixels/frame.h"

namespace callnative {

namespace {

using Target = I420Planes<std::uint8_t>;

/** A buffer holds two pictures at most; each attempt costs as much as a frame. */
constexpr int kMostPictures = 3;

/** Whether bytes that are not coded data may stand between the data. */
bool hasMoreThanData(FaultSet faults) {
  return faults.has(FrameFault::bytesBeforeRestart) || faults.has(FrameFault::bytesBeforeEnd) || faults.has(FrameFault::strayBytes);
}

FrameVerdict afterAnother(FrameVerdict verdict) {
  verdict.faults.add(FrameFault::bytesBeforeStart);
  if (verdict.quality == FrameQuality::whole) verdict.quality = FrameQuality::repaired;
  return verdict;
}

/** Whether `rows` lines of `used` bytes, `stride` apart, fit in `available` bytes. */
bool fits(std::size_t available, int stride, int used, int rows) {
  if (stride < used) return false;
  const auto line = static_cast<std::size_t>(stride);
  return available >= line * static_cast<std::size_t>(rows - 1) + static_cast<std::size_t>(used);
}

/** Adds the last column of an odd width whose lines end in the middle of a pair. It takes V from the pair before. */
void addLastColumn(const V4l2Format& format, std::span<const std::uint8_t> bytes, const Target& to) {
  const std::size_t luma = format.fourcc == V4L2_PIX_FMT_YUYV ? 0 : 1;
  const std::size_t chroma = 1 - luma;
  const auto at = [&](int row) { return bytes.data() + static_cast<std::size_t>(row) * format.bytesPerLine + 2 * (to.width - 1); };
  for (int row = 0; row < to.height; row++) to.y[(row + 1) * to.width - 1] = at(row)[luma];
  for (int row = 0; row < chromaSize(to.height); row++) {
    const int next = row * 2 + 1 < to.height ? row * 2 + 1 : row * 2;
    const int last = (row + 1) * to.chromaStride - 1;
    to.u[last] = static_cast<std::uint8_t>((at(row * 2)[chroma] + at(next)[chroma] + 1) / 2);
    to.v[last] = last > row * to.chromaStride ? to.v[last - 1] : 128;
  }
}

bool fromPacked(const V4l2Format& format, std::span<const std::uint8_t> bytes, const Target& to) {
  const int whole = chromaSize(format.width) * 4;
  // Some drivers end the lines of an odd width in the middle of a pair of pixels.
  const bool isCut = format.bytesPerLine == 2 * format.width && format.width % 2 != 0;
  const int used = isCut ? format.bytesPerLine : whole;
  const int stride = format.bytesPerLine > 0 ? format.bytesPerLine : whole;
  if (!fits(bytes.size(), stride, used, format.height)) return false;
  const auto convert = format.fourcc == V4L2_PIX_FMT_YUYV ? libyuv::YUY2ToI420 : libyuv::UYVYToI420;
  const int width = isCut ? to.width - 1 : to.width;
  const bool isDone = width == 0 || convert(bytes.data(), stride, to.y, to.width, to.u, to.chromaStride, to.v, to.chromaStride,
                                            width, to.height) == 0;
  if (isDone && isCut) addLastColumn(format, bytes, to);
  return isDone;
}

bool fromNv12(const V4l2Format& format, std::span<const std::uint8_t> bytes, const Target& to) {
  const int used = chromaSize(format.width) * 2;
  const int stride = format.bytesPerLine > 0 ? format.bytesPerLine : used;
  const std::size_t luma = static_cast<std::size_t>(stride) * static_cast<std::size_t>(format.height);
  if (bytes.size() < luma || !fits(bytes.size() - luma, stride, used, chromaSize(format.height))) return false;
  return libyuv::NV12ToI420(bytes.data(), stride, bytes.data() + luma, stride, to.y, to.width, to.u, to.chromaStride,
                            to.v, to.chromaStride, to.width, to.height) == 0;
}

bool fromYu12(const V4l2Format& format, std::span<const std::uint8_t> bytes, const Target& to) {
  const int stride = format.bytesPerLine > 0 ? format.bytesPerLine : format.width;
  // The chroma planes' lines are half as long: V4L2, "Planar YUV formats".
  const int chromaStride = chromaSize(stride);
  const std::size_t luma = static_cast<std::size_t>(stride) * static_cast<std::size_t>(format.height);
  const std::size_t chroma =
      static_cast<std::size_t>(chromaStride) * static_cast<std::size_t>(chromaSize(format.height));
  if (stride < format.width || bytes.size() < luma + chroma) return false;
  if (!fits(bytes.size() - luma - chroma, chromaStride, to.chromaStride, chromaSize(format.height))) return false;
  const std::uint8_t* u = bytes.data() + luma;
  return libyuv::I420Copy(bytes.data(), stride, u, chromaStride, u + chroma, chromaStride, to.y, to.width, to.u,
                          to.chromaStride, to.v, to.chromaStride, to.width, to.height) == 0;
}

}  // namespace

void i420ToRgba(const std::uint8_t* frame, int width, int height, std::uint8_t* rgba) {
  const I420Planes<const std::uint8_t> planes(frame, width, height);
  // libyuv names formats by their order in a little-endian word: its ABGR is R, G, B, A in memory.
  libyuv::I420ToABGR(planes.y, width, planes.u, planes.chromaStride, planes.v, planes.chromaStride, rgba, width * 4,
                     width, height);
}

FrameVerdict PixelConverter::convert(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target,
                                     const std::uint8_t* previous) {
  jpeg_ = {};
  if (format.fourcc == V4L2_PIX_FMT_MJPEG) return decodeJpeg(format, bytes, target, previous);
  const Target planes(target, format.width, format.height);
  bool isWhole = false;
  switch (format.fourcc) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY: isWhole = fromPacked(format, bytes, planes); break;
    case V4L2_PIX_FMT_NV12: isWhole = fromNv12(format, bytes, planes); break;
    case V4L2_PIX_FMT_YUV420: isWhole = fromYu12(format, bytes, planes); break;
    default: break;
  }
  if (!isWhole) return unusable(FrameFault::tooShort);
  if (format.isFullRange) toVideoRange(target, format.width, format.height);
  return {};
}

FrameVerdict PixelConverter::trimmed(FrameVerdict verdict) {
  const int wrong = normal_.trim();
  if (wrong == 0) return verdict;
  verdict.faults.add(FrameFault::wrongData);
  const bool isMost = 2 * wrong < normal_.layout().mcusPerRow * normal_.layout().mcuRows;
  return {FrameQuality::damaged, verdict.faults, isMost};
}

FrameVerdict PixelConverter::decodeJpeg(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target,
                                        const std::uint8_t* previous) {
  FrameVerdict verdict;
  for (int picture = 0; picture < kMostPictures; picture++) {
    const bool isRead = normal_.read(bytes, format.width, format.height);
    verdict = isRead ? decoder_.decode(normal_, format.width, format.height, target, previous) : unusable(normal_.faults());
    if (picture > 0) verdict = afterAnother(verdict);
    if (verdict.quality != FrameQuality::damaged && hasMoreThanData(verdict.faults)) verdict = trimmed(verdict);
    if (verdict.quality != FrameQuality::damaged) {
      jpeg_ = normal_.bytes();
      break;
    }
    // Behind a cut picture there may be a whole one.
    const std::size_t next = findJpegStart(normal_.rest());
    if (next == normal_.rest().size()) break;
    bytes = normal_.rest().subspan(next);
  }
  return verdict;
}

}  // namespace callnative
