// I420 to JPEG to base64 text in one go. One encoder serves one thread at a time and reuses all its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace callnative {

class JpegEncoder {
 public:
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
  Result encode(const std::uint8_t* picture, int width, int height, int maxWidth, int quality);

  /** Only the text of a JPEG that exists already. Returns the text's length. */
  std::size_t encodeText(const std::uint8_t* jpeg, std::size_t length);

  /** Base64 text of the last picture; replaced by a larger buffer when one is needed. */
  const std::shared_ptr<std::vector<std::uint8_t>>& text() const { return text_; }

 private:
  /** From video range to the full range that JPEG means (JFIF 1.02), rows padded to even sizes. */
  void expand(const std::uint8_t* picture, int width, int height);

  /** tjhandle, as void so that includers need no TurboJPEG header. */
  void* compressor_;
  std::vector<std::uint8_t> scaled_;
  std::vector<std::uint8_t> expanded_;
  std::vector<std::uint8_t> jpeg_;
  std::shared_ptr<std::vector<std::uint8_t>> text_;
};

}  // namespace callnative
