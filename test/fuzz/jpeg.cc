// Decodes any bytes as a frame of an MJPEG camera. The input is the JPEG itself, so any JPEG file is a seed.
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <algorithm>
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

/** What is handed on is one standard JPEG, which stays as it is when it is read again. */
void checkHandedOn(const V4l2Format& format, std::span<const std::uint8_t> jpeg, std::span<const std::uint8_t> frame) {
  const std::vector<std::uint8_t> first(jpeg.begin(), jpeg.end());
  fuzz::demand(first.size() > 4 && first[0] == 0xFF && first[1] == 0xD8, "it begins with a start marker");
  fuzz::demand(first[first.size() - 2] == 0xFF && first[first.size() - 1] == 0xD9, "it ends with an end marker");
  std::vector<std::uint8_t> again(frame.size());
  PixelConverter converter;
  const FrameVerdict verdict = converter.convert(format, first, again.data());
  fuzz::demand(verdict.quality != FrameQuality::damaged, "it decodes");
  fuzz::demand(std::equal(again.begin(), again.end(), frame.begin()), "it decodes to the same frame");
  fuzz::demand(std::equal(first.begin(), first.end(), converter.jpeg().begin(), converter.jpeg().end()), "it is standard already");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedMemory source(kMostBytes);
  static fuzz::GuardedMemory target(kMostBytes);
  if (size > kMostBytes) return 0;
  const auto jpeg = source.last(size, {data, size});
  const V4l2Format format = formatOf(jpeg);
  const auto frame = target.last(i420Size(format.width, format.height));
  const std::vector<std::uint8_t> before(frame.size(), 77);
  PixelConverter converter;
  std::memset(frame.data(), 0x55, frame.size());
  const FrameVerdict verdict = converter.convert(format, jpeg, frame.data(), before.data());
  fuzz::demand(verdict.isShown || verdict.quality == FrameQuality::damaged, "only damaged frames are not shown");
  fuzz::demand(converter.jpeg().empty() == (verdict.quality == FrameQuality::damaged), "whole and repaired ones are handed on");
  if (!converter.jpeg().empty()) checkHandedOn(format, converter.jpeg(), frame);
  const std::vector<std::uint8_t> first(frame.begin(), frame.end());
  std::memset(frame.data(), 0xAA, frame.size());
  const FrameVerdict again = converter.convert(format, jpeg, frame.data(), before.data());
  fuzz::demand(again.quality == verdict.quality && again.faults == verdict.faults, "the same bytes are judged the same again");
  if (verdict.isShown) fuzz::demand(std::memcmp(first.data(), frame.data(), first.size()) == 0, "every pixel of a frame is written");
  return 0;
}
