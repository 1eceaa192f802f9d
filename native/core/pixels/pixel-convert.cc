// libyuv converts raw formats; TurboJPEG decodes MJPG.
#include "pixels/pixel-convert.h"

#include <libyuv.h>
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "pixels/colour-range.h"
#include "pixels/frame.h"

namespace callnative {

namespace {

using Target = I420Planes<std::uint8_t>;

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

/**
 * Many webcams pad their frames before the end marker (0xd9). The decoder warns of that and still delivers a whole frame.
 * It reports the first warning only, so extra bytes anywhere earlier could hide later damage.
 */
bool decoded(void* decompressor, int result) {
  if (result == 0) return true;
  const bool isWarning = tjGetErrorCode(decompressor) == TJERR_WARNING;
  return isWarning && std::strstr(tjGetErrorStr2(decompressor), "extraneous bytes before marker 0xd9") != nullptr;
}

struct Destroy {
  void operator()(void* decompressor) const { tjDestroy(decompressor); }
};
using Decompressor = std::unique_ptr<void, Destroy>;

Decompressor createDecompressor() {
  Decompressor created(tjInitDecompress());
  if (!created) throw std::runtime_error(std::string("tjInitDecompress: ") + tjGetErrorStr2(nullptr));
  return created;
}

std::uint8_t* atLeast(std::vector<std::uint8_t>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
  return buffer.data();
}

}  // namespace

void i420ToRgba(const std::uint8_t* frame, int width, int height, std::uint8_t* rgba) {
  const I420Planes<const std::uint8_t> planes(frame, width, height);
  // libyuv names formats by their order in a little-endian word: its ABGR is R, G, B, A in memory.
  libyuv::I420ToABGR(planes.y, width, planes.u, planes.chromaStride, planes.v, planes.chromaStride, rgba, width * 4,
                     width, height);
}

bool PixelConverter::convert(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target) {
  if (format.fourcc == V4L2_PIX_FMT_MJPEG) return decodeJpeg(format, bytes, target);
  const Target planes(target, format.width, format.height);
  bool isWhole = false;
  switch (format.fourcc) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY: isWhole = fromPacked(format, bytes, planes); break;
    case V4L2_PIX_FMT_NV12: isWhole = fromNv12(format, bytes, planes); break;
    case V4L2_PIX_FMT_YUV420: isWhole = fromYu12(format, bytes, planes); break;
    default: break;
  }
  if (isWhole && format.isFullRange) toVideoRange(target, format.width, format.height);
  return isWhole;
}

bool PixelConverter::decodeJpeg(const V4l2Format& format, std::span<const std::uint8_t> bytes, std::uint8_t* target) {
  // A new decompressor for each frame costs 0.3 us. A reused one keeps Huffman tables, so a frame would depend on the one
  // before, and TurboJPEG 2.1 refuses every frame after one with a truncated header.
  const Decompressor decompressor = createDecompressor();
  int width = 0;
  int height = 0;
  int sampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decompressor.get(), bytes.data(), bytes.size(), &width, &height, &sampling, &colours) != 0) {
    return false;
  }
  if (width != format.width || height != format.height) return false;
  const bool isPlanar = colours == TJCS_YCbCr && (sampling == TJSAMP_420 || sampling == TJSAMP_422);
  if (!isPlanar) return decodeByColours(decompressor.get(), bytes, width, height, target);
  return decodePlanar(decompressor.get(), bytes, width, height, sampling == TJSAMP_422, target);
}

bool PixelConverter::decodePlanar(void* decompressor, std::span<const std::uint8_t> bytes, int width, int height, bool is422,
                                  std::uint8_t* target) {
  const Target to(target, width, height);
  // TurboJPEG writes whole pairs of pixels and lines, so the luma of an odd size does not fit its plane.
  const bool isOdd = width % 2 != 0 || height % 2 != 0;
  const int lumaStride = to.chromaStride * 2;
  const std::size_t lumaSize = isOdd ? static_cast<std::size_t>(lumaStride) * static_cast<std::size_t>(chromaSize(height) * 2) : 0;
  const std::size_t tall = is422 ? static_cast<std::size_t>(to.chromaStride) * static_cast<std::size_t>(height) : 0;
  std::uint8_t* scratch = atLeast(scratch_, lumaSize + 2 * tall);
  std::uint8_t* luma = isOdd ? scratch : to.y;
  std::uint8_t* u = is422 ? scratch + lumaSize : to.u;
  std::uint8_t* v = is422 ? u + tall : to.v;
  std::uint8_t* planes[3] = {luma, u, v};
  int strides[3] = {lumaStride, to.chromaStride, to.chromaStride};
  const int result = tjDecompressToYUVPlanes(decompressor, bytes.data(), bytes.size(), planes, width, strides, height,
                                             TJFLAG_FASTDCT);
  if (!decoded(decompressor, result)) return false;
  if (isOdd) libyuv::CopyPlane(luma, lumaStride, to.y, to.width, width, height);
  if (is422) {
    libyuv::I422ToI420(to.y, to.width, u, to.chromaStride, v, to.chromaStride, to.y, to.width, to.u, to.chromaStride,
                       to.v, to.chromaStride, width, height);
  }
  toVideoRange(target, width, height);
  return true;
}

/** Decodes rare JPEGs, such as grey or 4:4:4, to RGB first. */
bool PixelConverter::decodeByColours(void* decompressor, std::span<const std::uint8_t> bytes, int width, int height,
                                     std::uint8_t* target) {
  const int stride = width * 4;
  std::uint8_t* colours = atLeast(scratch_, static_cast<std::size_t>(stride) * static_cast<std::size_t>(height));
  const int result = tjDecompress2(decompressor, bytes.data(), bytes.size(), colours, width, stride, height, TJPF_BGRA,
                                   TJFLAG_FASTDCT);
  if (!decoded(decompressor, result)) return false;
  const Target to(target, width, height);
  return libyuv::ARGBToI420(colours, stride, to.y, to.width, to.u, to.chromaStride, to.v, to.chromaStride, width,
                            height) == 0;
}

}  // namespace callnative
