// Converts raw frames of any size, line length and truncation, and encodes the results to RGBA and JPEG.
#include <linux/videodev2.h>

#include <array>
#include <cstring>
#include <vector>

#include "fuzz-input.h"
#include "pixels/jpeg-encode.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"

using namespace callnative;

namespace {

constexpr std::array<std::uint32_t, 6> kFourccs = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY,   V4L2_PIX_FMT_NV12,
                                                   V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_RGB24};
constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::uint32_t kMostSide = 130;

V4l2Format anyFormat(fuzz::Input& input) {
  V4l2Format format{};
  format.fourcc = kFourccs[input.byte() % kFourccs.size()];
  format.width = 1 + static_cast<int>(input.number(2) % kMostSide);
  format.height = 1 + static_cast<int>(input.number(2) % kMostSide);
  format.isFullRange = (input.byte() & 1) != 0;
  const std::uint8_t kind = input.byte();
  // Unspecified, a little padding, or any number, including negative ones.
  if (kind < 96) format.bytesPerLine = 0;
  else if (kind < 224) format.bytesPerLine = format.width * (1 + kind % 2) + input.byte() % 32;
  else format.bytesPerLine = static_cast<int>(input.number(4));
  return format;
}

/** Runs the rest of the pipeline on a converted frame. */
void passOn(std::span<const std::uint8_t> frame, int width, int height, fuzz::Input& input) {
  static fuzz::GuardedMemory rgbaMemory(kMostBytes);
  static JpegEncoder encoder;
  const auto rgba = rgbaMemory.last(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4);
  i420ToRgba(frame.data(), width, height, rgba.data());
  const int maxWidth = 2 + static_cast<int>(input.number(2) % 512);
  const int quality = 1 + input.byte() % 100;
  try {
    const auto made = encoder.encode(frame.data(), width, height, maxWidth, quality);
    fuzz::demand(made.width > 0 && made.height > 0 && made.textLength > 0, "a JPEG has a size");
  } catch (const std::runtime_error&) {
    // The expected result for frames that JPEG cannot hold.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedMemory source(kMostBytes);
  static fuzz::GuardedMemory target(kMostBytes);
  fuzz::Input input(data, size);
  const V4l2Format format = anyFormat(input);
  const std::size_t available = input.number(3) % (std::size_t{1} << 17);
  const auto bytes = source.last(available, input.rest());
  const auto frame = target.last(i420Size(format.width, format.height));
  PixelConverter converter;
  std::memset(frame.data(), 0x55, frame.size());
  if (!converter.convert(format, bytes, frame.data()).isShown) return 0;
  const std::vector<std::uint8_t> first(frame.begin(), frame.end());
  std::memset(frame.data(), 0xAA, frame.size());
  fuzz::demand(converter.convert(format, bytes, frame.data()).isShown, "the same bytes are judged the same again");
  fuzz::demand(std::memcmp(first.data(), frame.data(), first.size()) == 0, "every pixel of a whole frame is written");
  passOn(frame, format.width, format.height, input);
  return 0;
}
