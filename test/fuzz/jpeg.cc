// Any bytes as a picture of an MJPEG camera. The input is the JPEG itself, so that any JPEG file is a seed.
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <cstring>
#include <vector>

#include "fuzz-input.h"
#include "pixels/picture.h"
#include "pixels/pixel-convert.h"

using namespace callnative;

namespace {

constexpr int kMostSide = 320;
constexpr std::size_t kMostBytes = 1 << 20;

/** The size that the bytes speak of, so that the picture is not refused for its size at once. */
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
  const auto picture = target.last(i420Size(format.width, format.height));
  PixelConverter converter;
  std::memset(picture.data(), 0x55, picture.size());
  const bool isWhole = converter.convert(format, jpeg, picture.data());
  const std::vector<std::uint8_t> first(picture.begin(), picture.end());
  std::memset(picture.data(), 0xAA, picture.size());
  fuzz::demand(converter.convert(format, jpeg, picture.data()) == isWhole, "the same bytes are judged the same again");
  if (isWhole) fuzz::demand(std::memcmp(first.data(), picture.data(), first.size()) == 0, "every pixel of a whole picture is written");
  return 0;
}
