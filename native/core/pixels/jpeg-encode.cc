// scale.h scales, rotate.h turns, colour-range.h converts the range, TurboJPEG compresses, base64.h makes the text.
#include "pixels/jpeg-encode.h"

#include <turbojpeg.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "pixels/base64.h"
#include "pixels/colour-range.h"
#include "pixels/frame.h"
#include "pixels/scale.h"

namespace callnative {

namespace {

/** TurboJPEG reads and writes luma planes of even sizes, also for an odd frame. */
int evenUp(int size) { return (size + 1) & ~1; }

int scaledHeight(int width, int height, int maxWidth) {
  const double exact = static_cast<double>(height) * maxWidth / width;
  return std::max(2, static_cast<int>(exact / 2 + 0.5) * 2);
}

/** Grows the buffer if it is too small. */
std::uint8_t* atLeast(std::vector<std::uint8_t>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
  return buffer.data();
}

}  // namespace

JpegEncoder::JpegEncoder()
    : compressor_(tjInitCompress()),
      jpeg_(std::make_shared<std::vector<std::uint8_t>>()),
      text_(std::make_shared<std::vector<std::uint8_t>>()) {
  if (compressor_ == nullptr) throw std::runtime_error(std::string("tjInitCompress: ") + tjGetErrorStr2(nullptr));
}

JpegEncoder::~JpegEncoder() { tjDestroy(compressor_); }

/** Converts to full range. Repeats the edge to pad luma to even sizes. */
void JpegEncoder::expand(const std::uint8_t* frame, int width, int height) {
  const I420Planes<const std::uint8_t> source(frame, width, height);
  const I420Planes<std::uint8_t> target(atLeast(expanded_, i420Size(evenUp(width), evenUp(height))), evenUp(width),
                                        evenUp(height));
  const std::size_t chroma =
      static_cast<std::size_t>(source.chromaStride) * static_cast<std::size_t>(chromaSize(height));
  expandChroma(source.u, target.u, chroma);
  expandChroma(source.v, target.v, chroma);
  if (width == target.width) {
    expandLuma(source.y, target.y, static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  } else {
    for (int y = 0; y < height; y++) {
      std::uint8_t* row = target.y + static_cast<std::ptrdiff_t>(y) * target.width;
      expandLuma(source.y + static_cast<std::ptrdiff_t>(y) * width, row, static_cast<std::size_t>(width));
      row[width] = row[width - 1];
    }
  }
  if (height != target.height) {
    std::uint8_t* last = target.y + static_cast<std::ptrdiff_t>(height) * target.width;
    std::memcpy(last, last - target.width, static_cast<std::size_t>(target.width));
  }
}

FrameView JpegEncoder::fit(const FrameView& frame, int maxWidth, int rotation) {
  const bool isTurned = isSideways(rotation);
  const int uprightWidth = isTurned ? frame.height : frame.width;
  if (uprightWidth <= maxWidth) return frame;
  const int toWidth = std::max(2, maxWidth & ~1);
  const int toHeight = scaledHeight(uprightWidth, isTurned ? frame.width : frame.height, toWidth);
  const FrameView scaled{atLeast(scaled_, i420Size(toWidth, toHeight)), isTurned ? toHeight : toWidth, isTurned ? toWidth : toHeight};
  if (!scaleI420(frame.data, frame.width, frame.height, scaled_.data(), scaled.width, scaled.height)) {
    throw std::runtime_error("libyuv cannot scale this frame");
  }
  return scaled;
}

JpegEncoder::Jpeg JpegEncoder::compress(const std::uint8_t* frame, int storedWidth, int storedHeight, int maxWidth, int quality,
                                        int rotation) {
  // Scaling first leaves fewer pixels to turn.
  const auto [upright, width, height] = rotator_.upright(fit({frame, storedWidth, storedHeight}, maxWidth, rotation), rotation);
  expand(upright, width, height);
  const I420Planes<const std::uint8_t> planes(expanded_.data(), evenUp(width), evenUp(height));
  const unsigned char* rows[3] = {planes.y, planes.u, planes.v};
  const int strides[3] = {planes.width, planes.chromaStride, planes.chromaStride};
  const std::size_t most = tjBufSize(width, height, TJSAMP_420);
  // A new buffer, because JavaScript may still hold the old one.
  if (jpeg_->size() < most) jpeg_ = std::make_shared<std::vector<std::uint8_t>>(most);
  unsigned char* jpeg = jpeg_->data();
  unsigned long length = jpeg_->size();
  if (tjCompressFromYUVPlanes(compressor_, rows, width, strides, height, TJSAMP_420, &jpeg, &length, quality,
                              TJFLAG_NOREALLOC | TJFLAG_FASTDCT) != 0) {
    throw std::runtime_error(std::string("tjCompressFromYUVPlanes: ") + tjGetErrorStr2(compressor_));
  }
  return {length, width, height};
}

JpegEncoder::Result JpegEncoder::encode(const std::uint8_t* frame, int width, int height, int maxWidth, int quality,
                                        int rotation) {
  const Jpeg made = compress(frame, width, height, maxWidth, quality, rotation);
  return {encodeText(jpeg_->data(), made.length), made.width, made.height};
}

std::size_t JpegEncoder::encodeText(const std::uint8_t* jpeg, std::size_t length) {
  const std::size_t textLength = base64Size(length);
  // Half as much again, so that frames of slowly growing size do not allocate each time.
  if (text_->size() < textLength) text_ = std::make_shared<std::vector<std::uint8_t>>(textLength * 3 / 2);
  encodeBase64(jpeg, length, text_->data());
  return textLength;
}

}  // namespace callnative
