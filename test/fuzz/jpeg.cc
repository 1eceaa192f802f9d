// Decodes any bytes as a frame of an MJPEG camera. The input is the JPEG itself, so any JPEG file is a seed.
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <cstring>
#include <vector>

#include "fuzz-input.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"

using namespace callnative;

namespace {

constexpr int kMostSide = 320;
constexpr std::size_t kMostBytes = 1 << 20;

/** Takes the size from the JPEG's header, so that the converter does not refuse the frame for its size. */
V4l2Format formatOf(std::span<const std::uint8_t> jpeg) {
  V4l2Format format{};
  format.fourcc = V4L2_PIX_FMT_MJPEG;
  format.isFullRange = true;
  tjhandle reader = tjInitDecompress();
  int sampling = 0;
  int colours = 0;
  const int result = tjDecompressHeader3(reader, jpeg.data(), jpeg.size(), &format.width, &format.height, &sampling, &colours);
  tjDestroy(reader);
  const bool isUsable = result == 0 && format.width > 0 && format.height > 0 && format.width <= kMostSide && format.height <= kMostSide;
  if (!isUsable) format.width = 64, format.height = 48;
  return format;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedMemory source(kMostBytes);
  static fuzz::GuardedMemory target(kMostBytes);
  if (size > kMostBytes) return 0;
  const auto jpeg = source.last(size, {data, size});
  const V4l2Format format = formatOf(jpeg);
  const auto frame = target.last(i420Size(format.width, format.height));
  PixelConverter converter;
  std::memset(frame.data(), 0x55, frame.size());
  const bool isWhole = converter.convert(format, jpeg, frame.data());
  const std::vector<std::uint8_t> first(frame.begin(), frame.end());
  std::memset(frame.data(), 0xAA, frame.size());
  fuzz::demand(converter.convert(format, jpeg, frame.data()) == isWhole, "the same bytes are judged the same again");
  if (isWhole) fuzz::demand(std::memcmp(first.data(), frame.data(), first.size()) == 0, "every pixel of a whole frame is written");
  return 0;
}
