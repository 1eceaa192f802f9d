// Compares the four raw formats with a per-pixel reference. Buffers have exactly the needed size, so that the sanitizer
// detects any access beyond them.
#include <linux/videodev2.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "check.h"
#include "pixels/pixel-convert.h"
#include "capture/v4l2-formats.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Sample {
  V4l2Format format;
  Bytes bytes;
};

int usedPerLine(std::uint32_t fourcc, int width) {
  switch (fourcc) {
    case V4L2_PIX_FMT_NV12: return chromaSize(width) * 2;
    case V4L2_PIX_FMT_YUV420: return width;
    default: return chromaSize(width) * 4;
  }
}

/** The smallest size that holds the frame: the last line ends with its last pixel. */
std::size_t leastSize(const V4l2Format& format) {
  const int stride = format.bytesPerLine;
  const int chromaRows = chromaSize(format.height);
  switch (format.fourcc) {
    case V4L2_PIX_FMT_NV12: return static_cast<std::size_t>(stride * (format.height + chromaRows - 1) + chromaSize(format.width) * 2);
    case V4L2_PIX_FMT_YUV420:
      return static_cast<std::size_t>(stride * format.height + chromaSize(stride) * (2 * chromaRows - 1) + chromaSize(format.width));
    default: return static_cast<std::size_t>(stride * (format.height - 1) + usedPerLine(format.fourcc, format.width));
  }
}

Sample randomSample(std::uint32_t fourcc, int width, int height, int padding) {
  std::mt19937 random(static_cast<unsigned>(width * 1000 + height));
  Sample sample{{width, height, usedPerLine(fourcc, width) + padding, fourcc, false}, {}};
  sample.bytes.resize(leastSize(sample.format));
  for (std::uint8_t& byte : sample.bytes) byte = static_cast<std::uint8_t>(random());
  return sample;
}

int lumaAt(const Sample& sample, int x, int y) {
  const std::uint8_t* line = sample.bytes.data() + y * sample.format.bytesPerLine;
  switch (sample.format.fourcc) {
    case V4L2_PIX_FMT_YUYV: return line[2 * x];
    case V4L2_PIX_FMT_UYVY: return line[2 * x + 1];
    default: return line[x];
  }
}

/** Plane 0 is U, 1 is V. Packed formats have chroma on every line, so two lines are averaged. */
int chromaAt(const Sample& sample, int x, int y, int plane) {
  const V4l2Format& format = sample.format;
  const std::uint8_t* data = sample.bytes.data();
  const int stride = format.bytesPerLine;
  if (format.fourcc == V4L2_PIX_FMT_NV12) return data[stride * (format.height + y) + 2 * x + plane];
  if (format.fourcc == V4L2_PIX_FMT_YUV420) {
    const int chromaStride = chromaSize(stride);
    return data[stride * format.height + chromaStride * (chromaSize(format.height) * plane + y) + x];
  }
  const int offset = 4 * x + (format.fourcc == V4L2_PIX_FMT_YUYV ? 1 : 0) + 2 * plane;
  const int next = std::min(2 * y + 1, format.height - 1);
  return (data[stride * 2 * y + offset] + data[stride * next + offset] + 1) / 2;
}

void expectNear(int actual, int expected, int tolerance, const std::string& where) {
  check::that(std::abs(actual - expected) <= tolerance,
              where + ": " + std::to_string(actual) + ", expected " + std::to_string(expected));
}

void compare(const Sample& sample, const Bytes& frame) {
  const int width = sample.format.width;
  const int height = sample.format.height;
  const std::string name = fourccName(sample.format.fourcc) + " " + std::to_string(width) + "x" + std::to_string(height);
  const I420Planes<const std::uint8_t> planes(frame.data(), width, height);
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) expectNear(planes.y[y * width + x], lumaAt(sample, x, y), 0, name + " luma");
  }
  for (int y = 0; y < chromaSize(height); y++) {
    for (int x = 0; x < planes.chromaStride; x++) {
      expectNear(planes.u[y * planes.chromaStride + x], chromaAt(sample, x, y, 0), 1, name + " U");
      expectNear(planes.v[y * planes.chromaStride + x], chromaAt(sample, x, y, 1), 1, name + " V");
    }
  }
}

const std::pair<int, int> kSizes[] = {{64, 48}, {63, 47}, {2, 2}, {1, 1}, {33, 2}, {130, 9}};
const int kPaddings[] = {0, 16};

void convertAll(std::uint32_t fourcc) {
  PixelConverter converter;
  for (const auto& [width, height] : kSizes) {
    for (const int padding : kPaddings) {
      const Sample sample = randomSample(fourcc, width, height, padding);
      Bytes frame(i420Size(width, height));
      check::that(converter.convert(sample.format, sample.bytes, frame.data()).isShown, "a whole frame was refused");
      compare(sample, frame);
    }
  }
}

}  // namespace

TEST("YUYV is converted to I420 without line padding, odd sizes too") { convertAll(V4L2_PIX_FMT_YUYV); }
TEST("UYVY is converted to I420 without line padding, odd sizes too") { convertAll(V4L2_PIX_FMT_UYVY); }
TEST("NV12 is converted to I420 without line padding, odd sizes too") { convertAll(V4L2_PIX_FMT_NV12); }
TEST("YU12 is converted to I420 without line padding, odd sizes too") { convertAll(V4L2_PIX_FMT_YUV420); }

TEST("a raw frame that is one byte short is refused") {
  PixelConverter converter;
  for (const std::uint32_t fourcc : {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420}) {
    for (const auto& [width, height] : kSizes) {
      Sample sample = randomSample(fourcc, width, height, 0);
      sample.bytes.pop_back();
      Bytes frame(i420Size(width, height));
      check::that(!converter.convert(sample.format, sample.bytes, frame.data()).isShown, fourccName(fourcc) + " was taken");
    }
  }
}

TEST("an empty buffer and lines shorter than the frame are refused") {
  PixelConverter converter;
  Bytes frame(i420Size(64, 48));
  const Bytes bytes(64 * 48 * 2);
  for (const std::uint32_t fourcc : {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_MJPEG}) {
    check::that(!converter.convert({64, 48, 64, fourcc, false}, {}, frame.data()).isShown, "an empty buffer was taken");
    check::that(!converter.convert({64, 48, 30, fourcc, false}, bytes, frame.data()).isShown, "short lines were taken");
  }
}

TEST("a raw frame of full range is converted to video range") {
  PixelConverter converter;
  Bytes bytes(i420Size(32, 2), 255);
  Bytes frame(bytes.size());
  check::that(converter.convert({32, 2, 32, V4L2_PIX_FMT_YUV420, true}, bytes, frame.data()).isShown, "was refused");
  check::equal(static_cast<int>(frame.front()), 235, "white");
  check::equal(static_cast<int>(frame.back()), 240, "strongest chroma");
  std::fill(bytes.begin(), bytes.end(), 0);
  check::that(converter.convert({32, 2, 32, V4L2_PIX_FMT_YUV420, true}, bytes, frame.data()).isShown, "was refused");
  check::equal(static_cast<int>(frame.front()), 16, "black");
  check::equal(static_cast<int>(frame.back()), 16, "weakest chroma");
}
