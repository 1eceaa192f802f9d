// Encodes I420 to JPEG, and optionally to base64 text. An encoder serves one thread at a time and reuses its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "pixels/rotate.h"

namespace callnative {

class JpegEncoder {
 public:
  /** `length` in bytes. Sizes are those after scaling and turning. */
  struct Jpeg {
    std::size_t length;
    int width;
    int height;
  };

  /** `textLength` in characters. Sizes are those after scaling and turning. */
  struct Result {
    std::size_t textLength;
    int width;
    int height;
  };

  /** Throws std::runtime_error when TurboJPEG has no memory. */
  JpegEncoder();
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
  ~JpegEncoder();

  /** `frame` is I420 of video range, and turned clockwise by `rotation` degrees (see isRotation). If it is wider than
   *  `maxWidth` then, it is scaled down, its sizes rounded to even. `quality` is 1 to 100. Throws std::runtime_error with
   *  libjpeg's message. */
  Jpeg compress(const std::uint8_t* frame, int width, int height, int maxWidth, int quality, int rotation = 0);

  /** compress(), then encodeText(). */
  Result encode(const std::uint8_t* frame, int width, int height, int maxWidth, int quality, int rotation = 0);

  /** Makes the text of an existing JPEG. Returns the text's length. */
  std::size_t encodeText(const std::uint8_t* jpeg, std::size_t length);

  /** Bytes and base64 text of the last frame. A larger buffer replaces either when it is needed. */
  const std::shared_ptr<std::vector<std::uint8_t>>& jpeg() const { return jpeg_; }
  const std::shared_ptr<std::vector<std::uint8_t>>& text() const { return text_; }

 private:
  /** Scales the frame down unless its upright width is within `maxWidth`. */
  FrameView fit(const FrameView& frame, int maxWidth, int rotation);
  /** Converts from video range to JPEG's full range (JFIF 1.02), with rows padded to even sizes. */
  void expand(const std::uint8_t* frame, int width, int height);

  /** A tjhandle, declared as void* so that this header does not need TurboJPEG's. */
  void* compressor_;
  std::vector<std::uint8_t> scaled_;
  Rotator rotator_;
  std::vector<std::uint8_t> expanded_;
  std::shared_ptr<std::vector<std::uint8_t>> jpeg_;
  std::shared_ptr<std::vector<std::uint8_t>> text_;
};

}  // namespace callnative
