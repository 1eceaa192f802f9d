// Converts raw frames of any size, line length and truncation, and encodes the results to RGBA and JPEG.
#include <linux/videodev2.h>

#include <cstring>
#include <vector>

#include "fuzz-input.h"
#include "pixels/jpeg-encode.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"
#include "raw/raw-format.h"

using namespace callnative;

namespace {

/** Behind the table, as a format that is not known. */
constexpr std::uint32_t kUnknown = V4L2_PIX_FMT_H264;
constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::uint32_t kMostSide = 130;

V4l2Format anyFormat(fuzz::Input& input) {
  V4l2Format format{};
  const auto formats = rawFormats();
  const std::size_t chosen = input.byte() % (formats.size() + 1);
  format.fourcc = chosen < formats.size() ? formats[chosen].fourcc : kUnknown;
  format.width = 1 + static_cast<int>(input.number(2) % kMostSide);
  format.height = 1 + static_cast<int>(input.number(2) % kMostSide);
  const std::uint8_t kinds = input.byte();
  format.isFullRange = (kinds & 1) != 0;
  format.fields = static_cast<Fields>(kinds / 2 % 8 > 4 ? 0 : kinds / 2 % 8);
  const std::uint8_t kind = input.byte();
  // Unspecified, a little padding, or any number, including negative ones.
  if (kind < 96) format.bytesPerLine = 0;
  else if (kind < 224) format.bytesPerLine = format.width * (1 + kind % 2) + input.byte() % 32;
  else format.bytesPerLine = static_cast<int>(input.number(4));
  if (kinds >= 192) format.chromaBytesPerLine = {static_cast<int>(input.size()), static_cast<int>(input.size())};
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
  const auto all = source.last(available, input.rest());
  // Each plane in memory ends at the inaccessible page in turn.
  const FrameBytes bytes = {all, all.last(available - available / 4), all.last(available / 2)};
  const int height = shownHeight(format);
  const auto frame = target.last(i420Size(format.width, height));
  PixelConverter converter;
  std::memset(frame.data(), 0x55, frame.size());
  const auto convert = [&] {
    const bool isPair = format.fields == Fields::alternate && available % 2 != 0;
    return (isPair ? converter.joinFields(format, bytes, bytes, frame.data()) : converter.convertBuffers(format, bytes, frame.data())).isShown;
  };
  if (!convert()) return 0;
  const std::vector<std::uint8_t> first(frame.begin(), frame.end());
  std::memset(frame.data(), 0xAA, frame.size());
  fuzz::demand(convert(), "the same bytes are judged the same again");
  fuzz::demand(std::memcmp(first.data(), frame.data(), first.size()) == 0, "every pixel of a whole frame is written");
  passOn(frame, format.width, height, input);
  return 0;
}
