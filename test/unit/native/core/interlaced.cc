// Joins and doubles fields, and judges what drivers say of their buffers.
#include <linux/videodev2.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "capture/driver-format.h"
#include "check.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"
#include "raw/raw-format.h"
#include "system/system-error.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kWidth = 64;
constexpr int kHeight = 16;

/** YUYV. Line `line` of the frame has luma 10 times its number. Chroma is that of its field. */
Bytes linesOf(const std::vector<int>& lines) {
  Bytes bytes;
  for (const int line : lines) {
    for (int x = 0; x < kWidth; x++) {
      bytes.push_back(static_cast<std::uint8_t>(10 * line));
      bytes.push_back(static_cast<std::uint8_t>(line % 2 == 0 ? 90 : 160));
    }
  }
  return bytes;
}

std::vector<int> numbers(int first, int step) {
  std::vector<int> all;
  for (int line = first; line < kHeight; line += step) all.push_back(line);
  return all;
}

Bytes both(const Bytes& one, const Bytes& other) {
  Bytes all = one;
  all.insert(all.end(), other.begin(), other.end());
  return all;
}

const Bytes kUpper = linesOf(numbers(0, 2));
const Bytes kLower = linesOf(numbers(1, 2));

V4l2Format formatOf(int height, Fields fields) { return {kWidth, height, 2 * kWidth, V4L2_PIX_FMT_YUYV, false, fields}; }

int lumaOf(const Bytes& frame, int line) { return frame[static_cast<std::size_t>(line * kWidth + kWidth / 2)]; }
int chromaOf(const Bytes& frame, int line) { return frame[static_cast<std::size_t>(kWidth * kHeight + line * kWidth / 2)]; }

void expectJoined(const Bytes& frame, const std::string& how) {
  for (int line = 0; line < kHeight; line++) check::equal(lumaOf(frame, line), 10 * line, how + ", line " + std::to_string(line));
  for (int line = 0; line < kHeight / 2; line++) check::equal(chromaOf(frame, line), line % 2 == 0 ? 90 : 160, how + ", chroma");
}

DriverFormat driverFormat(std::uint32_t fourcc, std::uint32_t width, std::uint32_t height, std::uint32_t bytesPerLine, std::uint32_t sizeImage) {
  DriverFormat driver;
  driver.width = width;
  driver.height = height;
  driver.fourcc = fourcc;
  driver.bytesPerLine[0] = bytesPerLine;
  driver.sizeImage[0] = sizeImage;
  return driver;
}

/** The line length that is used for buffers of that length; 0 for lines without padding. */
int judgedLength(const DriverFormat& driver, std::size_t length) { return judgeFormat(driver, {length, length, length}, "/dev/x").format.bytesPerLine; }

std::string refusalOf(const DriverFormat& driver, std::size_t length) {
  try {
    requireShowable(driver, "/dev/x");
    judgeFormat(driver, {length, length, length}, "/dev/x");
  } catch (const SystemError& error) {
    check::equal(error.code(), 0, "code");
    return error.what();
  }
  return "shown";
}

}  // namespace

TEST("fields that lie one after the other are joined line by line, in either order") {
  PixelConverter converter;
  Bytes frame(i420Size(kWidth, kHeight));
  check::that(converter.convert(formatOf(kHeight, Fields::upperFirst), both(kUpper, kLower), frame.data()).isShown, "was refused");
  expectJoined(frame, "upper first");
  std::fill(frame.begin(), frame.end(), 0);
  check::that(converter.convert(formatOf(kHeight, Fields::lowerFirst), both(kLower, kUpper), frame.data()).isShown, "was refused");
  expectJoined(frame, "lower first");
}

TEST("two buffers with a field each are joined line by line") {
  PixelConverter converter;
  Bytes frame(i420Size(kWidth, kHeight));
  const V4l2Format format = formatOf(kHeight / 2, Fields::alternate);
  check::that(converter.joinFields(format, {kUpper}, {kLower}, frame.data()).isShown, "was refused");
  expectJoined(frame, "two buffers");
  const Bytes cut(kLower.begin(), kLower.end() - 1);
  check::that(!converter.joinFields(format, {kUpper}, {cut}, frame.data()).isShown, "a short field was taken");
}

TEST("a lone field fills the lines between its own with the mean of their neighbours") {
  PixelConverter converter;
  for (const Fields fields : {Fields::single, Fields::alternate}) {
    Bytes frame(i420Size(kWidth, kHeight));
    check::that(converter.convert(formatOf(kHeight / 2, fields), kUpper, frame.data()).isShown, "was refused");
    for (int line = 0; line < kHeight - 1; line++) check::equal(lumaOf(frame, line), 10 * line, "line " + std::to_string(line));
    check::equal(lumaOf(frame, kHeight - 1), 10 * (kHeight - 2), "the last line");
    for (int line = 0; line < kHeight / 2; line++) check::equal(chromaOf(frame, line), 90, "chroma");
  }
}

TEST("fields of every raw format and of odd sizes are joined within their buffers") {
  PixelConverter converter;
  for (const RawFormat& raw : rawFormats()) {
    for (const int width : {1, 2, 33}) {
      for (const int height : {1, 2, 3, 7, 8}) {
        for (const Fields fields : {Fields::single, Fields::alternate, Fields::upperFirst, Fields::lowerFirst}) {
          const V4l2Format format{width, height, 0, raw.fourcc, true, fields};
          Bytes memory[kMostPlanes];
          for (int plane = 0; plane < raw.memoryPlanes; plane++) memory[plane].resize(leastSize(raw, format, plane));
          Bytes frame(i420Size(width, shownHeight(format)));
          const FrameBytes bytes = {memory[0], memory[1], memory[2]};
          const bool isShown = converter.convertBuffers(format, bytes, frame.data()).isShown;
          check::equal(isShown, shownHeight(format) > 0, fourccName(raw.fourcc) + " shown");
          if (fields == Fields::alternate) converter.joinFields(format, bytes, bytes, frame.data());
        }
      }
    }
  }
}

TEST("a field counts as squeezed only if it is more than twice as wide as high") {
  DriverFormat driver = driverFormat(V4L2_PIX_FMT_YUYV, 640, 240, 1280, 307'200);
  for (const std::uint32_t field : {V4L2_FIELD_TOP, V4L2_FIELD_BOTTOM, V4L2_FIELD_ALTERNATE}) {
    driver.field = field;
    driver.width = 640;
    check::equal(shownHeight(judgeFormat(driver, {307'200}, "/dev/x").format), 480, "of 640x240");
    driver.width = 320;
    check::equal(shownHeight(judgeFormat(driver, {307'200}, "/dev/x").format), 240, "of 320x240");
  }
}

TEST("a line length that holds the pixels and fits the buffer is used, and any other is replaced") {
  check::equal(judgedLength(driverFormat(V4L2_PIX_FMT_YUYV, 640, 480, 1344, 645'120), 647'168), 1344, "padded lines");
  check::equal(judgedLength(driverFormat(V4L2_PIX_FMT_YUYV, 640, 480, 640, 614'400), 614'400), 0, "a length in pixels");
  check::equal(judgedLength(driverFormat(V4L2_PIX_FMT_NV12, 640, 480, 960, 460'800), 462'848), 0, "a length that counts chroma");
  check::equal(judgedLength(driverFormat(V4L2_PIX_FMT_NV12, 640, 480, 640, 0), 462'848), 640, "no size of the image");
  check::equal(judgedLength(driverFormat(V4L2_PIX_FMT_YUYV, 640, 480, 1280, 4), 614'400), 1280, "an image of four bytes in a large buffer");
  check::equal(judgedLength(driverFormat(V4L2_PIX_FMT_YUYV, 640, 480, 4'000'000'000, 614'400), 614'400), 0, "lines of 4 GB");
  DriverFormat several = driverFormat(V4L2_PIX_FMT_NV12M, 640, 480, 640, 307'200);
  several.planes = 2;
  several.bytesPerLine[1] = 320;
  several.sizeImage[1] = 153'600;
  check::equal(judgeFormat(several, {307'200, 153'600}, "/dev/x").format.chromaBytesPerLine[0], 0, "short lines of chroma");
}

TEST("a mode whose figures cannot be put right is refused by its name") {
  check::equal(refusalOf(driverFormat(V4L2_PIX_FMT_YUYV, 640, 480, 1280, 614'400), 4096),
               std::string("/dev/x delivers YUYV frames of 640x480 in buffers of 4096 bytes, expected at least 614400"), "short buffers");
  check::equal(refusalOf(driverFormat(V4L2_PIX_FMT_YUYV, 0, 480, 1280, 614'400), 614'400),
               std::string("/dev/x delivers YUYV frames of 0x480, expected sides from 1 to 65535"), "no width");
  DriverFormat planes = driverFormat(V4L2_PIX_FMT_NV12M, 640, 480, 640, 307'200);
  check::equal(refusalOf(planes, 614'400), std::string("/dev/x delivers NM12 frames of 640x480 in 1 buffers each, expected 2"), "planes");
  DriverFormat jpeg = driverFormat(V4L2_PIX_FMT_MJPEG, 640, 240, 0, 100'000);
  jpeg.field = V4L2_FIELD_ALTERNATE;
  check::equal(refusalOf(jpeg, 100'000), std::string("/dev/x delivers MJPG frames of 640x240 as separate fields, expected whole pictures"), "fields of JPEG");
  const std::string unknown = refusalOf(driverFormat(V4L2_PIX_FMT_H264, 640, 480, 0, 100'000), 100'000);
  check::that(unknown.starts_with("/dev/x delivers H264 frames of 640x480, expected one of MJPG, JPEG, YUYV"), unknown);
}

TEST("only grey has full range where the driver names none, and the driver's word counts") {
  const auto isFull = [](std::uint32_t fourcc, std::uint32_t quantization) {
    DriverFormat driver = driverFormat(fourcc, 64, 16, 0, 4096);
    driver.quantization = quantization;
    return judgeFormat(driver, {4096}, "/dev/x").format.isFullRange;
  };
  check::that(isFull(V4L2_PIX_FMT_GREY, V4L2_QUANTIZATION_DEFAULT), "grey by default");
  check::that(!isFull(V4L2_PIX_FMT_GREY, V4L2_QUANTIZATION_LIM_RANGE), "grey of video range");
  check::that(!isFull(V4L2_PIX_FMT_YUYV, V4L2_QUANTIZATION_DEFAULT), "YUYV by default");
  check::that(isFull(V4L2_PIX_FMT_YUYV, V4L2_QUANTIZATION_FULL_RANGE), "YUYV of full range");
}

TEST("rates of millions, and those without a number, are no rates") {
  for (const double rate : {0.0, -5.0, 1'000'000.0, HUGE_VAL}) check::that(!isPlausibleRate(rate), std::to_string(rate));
  for (const double rate : {0.5, 7.5, 29.97, 240.0}) check::that(isPlausibleRate(rate), std::to_string(rate));
}
