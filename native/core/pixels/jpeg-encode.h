// I420 to JPEG, and to base64 text where it is wanted, in one go. One encoder serves one thread at a time and reuses
// all its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace callnative {

class JpegEncoder {
 public:
  /** Bytes of JPEG; the sizes are those after scaling. */
  struct Jpeg {
    std::size_t length;
    int width;
    int height;
  };

  /** textLength in characters; the sizes are those after scaling. */
  struct Result {
    std::size_t textLength;
    int width;
    int height;
  };

  /** Throws std::runtime_error where TurboJPEG has no memory. */
  JpegEncoder();
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
  ~JpegEncoder();

  /** `picture` is I420 of video range. A picture wider than `maxWidth` is scaled down, its sizes rounded to even.
   *  `quality` 1 to 100. Throws std::runtime_error with libjpeg's words. */
  Jpeg compress(const std::uint8_t* picture, int width, int height, int maxWidth, int quality);

  /** The same, and its text. */
  Result encode(const std::uint8_t* picture, int width, int height, int maxWidth, int quality);

  /** Only the text of a JPEG that exists already. Returns the text's length. */
  std::size_t encodeText(const std::uint8_t* jpeg, std::size_t length);

  /** Bytes and base64 text of the last picture; each is replaced by a larger buffer when one is needed. */
  const std::shared_ptr<std::vector<std::uint8_t>>& jpeg() const { return jpeg_; }
  const std::shared_ptr<std::vector<std::uint8_t>>& text() const { return text_; }

 private:
  /** From video range to the full range that JPEG means (JFIF 1.02), rows padded to even sizes. */
  void expand(const std::uint8_t* picture, int width, int height);

  /** tjhandle, as void so that includers need no TurboJPEG header. */
  void* compressor_;
  std::vector<std::uint8_t> scaled_;
  std::vector<std::uint8_t> expanded_;
  std::shared_ptr<std::vector<std::uint8_t>> jpeg_;
  std::shared_ptr<std::vector<std::uint8_t>> text_;
};

}  // namespace callnative
