// libyuv converts raw formats. See jpeg/ for MJPG.
#include "pixels/pixel-convert.h"

#include <libyuv.h>
#include <linux/videodev2.h>

#include "pixels/colour-range.h"
#include "pixels/frame.h"
#include "raw/raw-convert.h"

namespace callnative {

namespace {

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

/** Converts one field into its lines of the frame. */
bool convertField(const RawFormat& raw, const RawFrame& field, const I420Target& frame, bool isLower) {
  return convertRaw(raw, field, frame.field(isLower));
}

bool convertFrame(const RawFormat& raw, const RawFrame& frame, Fields fields, const I420Target& to) {
  switch (fields) {
    case Fields::inPlace: return convertRaw(raw, frame, to);
    case Fields::single:
    case Fields::alternate: {
      const bool isDone = convertField(raw, frame, to, false);
      if (isDone) fillLowerField(to);
      return isDone;
    }
    case Fields::upperFirst:
    case Fields::lowerFirst: break;
  }
  const bool isLower = fields == Fields::lowerFirst;
  return convertField(raw, fieldOf(raw, frame, 0), to, isLower) && convertField(raw, fieldOf(raw, frame, 1), to, !isLower);
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
  return convertBuffers(format, FrameBytes{bytes}, target, previous);
}

FrameVerdict PixelConverter::convertBuffers(const V4l2Format& format, const FrameBytes& bytes, std::uint8_t* target,
                                            const std::uint8_t* previous) {
  jpeg_ = {};
  if (isJpegFormat(format.fourcc)) return decodeJpeg(format, bytes[0], target, previous);
  const RawFormat* raw = rawFormatOf(format.fourcc);
  const int height = shownHeight(format);
  if (raw == nullptr || height < 1) return unusable(FrameFault::unsupported);
  const auto frame = layOut(*raw, format, bytes);
  if (!frame || !convertFrame(*raw, *frame, format.fields, {target, format.width, height})) return unusable(FrameFault::tooShort);
  if (format.isFullRange && !isRgb(*raw)) toVideoRange(target, format.width, height);
  return {};
}

FrameVerdict PixelConverter::joinFields(const V4l2Format& format, const FrameBytes& upper, const FrameBytes& lower, std::uint8_t* target) {
  jpeg_ = {};
  const RawFormat* raw = rawFormatOf(format.fourcc);
  const int height = shownHeight(format);
  if (raw == nullptr || height < 1 || format.fields != Fields::alternate) return unusable(FrameFault::unsupported);
  const I420Target to(target, format.width, height);
  const auto upperLines = layOut(*raw, format, upper);
  const auto lowerLines = layOut(*raw, format, lower);
  const bool isWhole = upperLines && lowerLines && convertField(*raw, *upperLines, to, false) && convertField(*raw, *lowerLines, to, true);
  if (!isWhole) return unusable(FrameFault::tooShort);
  if (format.isFullRange && !isRgb(*raw)) toVideoRange(target, format.width, height);
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
