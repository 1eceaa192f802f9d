// Compares the raw formats with a per-pixel reference. Buffers have exactly the needed size, so that the sanitizer detects
// any access beyond them.
#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <vector>

#include "../../../support/camera/format-definitions.h"
#include "check.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"
#include "raw/raw-format.h"

using namespace callnative;
using definitions::Definition;
using definitions::kDefinitions;
using definitions::Layout;
using definitions::Plane;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Sample {
  const Definition* definition;
  V4l2Format format;
  std::vector<Plane> planes;
  std::array<Bytes, kMostPlanes> memory;

  FrameBytes bytes() const { return {memory[0], memory[1], memory[2]}; }
  int at(int plane, int offset, int row) const {
    const Plane& lines = planes[static_cast<std::size_t>(plane)];
    return memory[static_cast<std::size_t>(lines.memory)][static_cast<std::size_t>(lines.offset + lines.stride * row + offset)];
  }
};

/** Random bytes. The last line of each memory ends with its last pixel. */
Sample randomSample(const Definition& definition, int width, int height, int padding) {
  std::mt19937 random(static_cast<unsigned>(width * 1000 + height));
  Sample sample{&definition, {width, height, 0, definition.fourcc, false}, definitions::planesOf(definition, width, height, padding), {}};
  sample.format.bytesPerLine = sample.planes[0].stride;
  for (std::size_t plane = 0; plane < sample.planes.size(); plane++) {
    const Plane& lines = sample.planes[plane];
    if (plane > 0 && definition.isInSeveral) sample.format.chromaBytesPerLine[plane - 1] = lines.stride;
    sample.memory[static_cast<std::size_t>(lines.memory)].resize(static_cast<std::size_t>(lines.offset + lines.stride * (lines.rows - 1) + lines.used));
  }
  for (Bytes& bytes : sample.memory) std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
  return sample;
}

/** BT.601, video range: ITU-R BT.601-7, 2.5.3. */
int component(int plane, double red, double green, double blue) {
  constexpr double kWeights[3][3] = {{0.257, 0.504, 0.098}, {-0.148, -0.291, 0.439}, {0.439, -0.368, -0.071}};
  const double* weights = kWeights[plane];
  return static_cast<int>(weights[0] * red + weights[1] * green + weights[2] * blue + (plane == 0 ? 16.5 : 128.5));
}

int lumaAt(const Sample& sample, int x, int y) {
  const Definition& definition = *sample.definition;
  if (definition.layout == Layout::packed) return sample.at(0, 2 * x + definition.at[0], y);
  if (definition.layout != Layout::rgb) return sample.at(0, x, y);
  const auto colour = [&](int index) { return sample.at(0, x * definition.bytesPerPixel + definition.at[static_cast<std::size_t>(index)], y); };
  return component(0, colour(0), colour(1), colour(2));
}

/** The mean colour of a block of four pixels, or fewer at an odd edge. */
int rgbChromaAt(const Sample& sample, int x, int y, int plane) {
  const Definition& definition = *sample.definition;
  double sums[3] = {};
  for (const int row : {2 * y, std::min(2 * y + 1, sample.format.height - 1)}) {
    for (const int column : {2 * x, std::min(2 * x + 1, sample.format.width - 1)}) {
      for (std::size_t index = 0; index < 3; index++) sums[index] += sample.at(0, column * definition.bytesPerPixel + definition.at[index], row);
    }
  }
  return component(plane, sums[0] / 4, sums[1] / 4, sums[2] / 4);
}

/** Plane 1 is U, 2 is V. Formats with chroma on every line have two lines averaged. */
int chromaAt(const Sample& sample, int x, int y, int plane) {
  const Definition& definition = *sample.definition;
  const int at = definition.at[static_cast<std::size_t>(plane)];
  const int next = std::min(2 * y + 1, sample.format.height - 1);
  switch (definition.layout) {
    case Layout::grey: return 128;
    case Layout::rgb: return rgbChromaAt(sample, x, y, plane);
    case Layout::planar: return sample.at(at, x, y);
    case Layout::packed: return (sample.at(0, 4 * x + at, 2 * y) + sample.at(0, 4 * x + at, next) + 1) / 2;
    case Layout::semiPlanar: break;
  }
  if (definition.hasHalfChromaLines) return sample.at(1, 2 * x + at, y);
  return (sample.at(1, 2 * x + at, 2 * y) + sample.at(1, 2 * x + at, next) + 1) / 2;
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
  const bool isRgb = sample.definition->layout == Layout::rgb;
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) expectNear(planes.y[y * width + x], lumaAt(sample, x, y), isRgb ? 2 : 0, name + " luma");
  }
  for (int y = 0; y < chromaSize(height); y++) {
    for (int x = 0; x < planes.chromaStride; x++) {
      expectNear(planes.u[y * planes.chromaStride + x], chromaAt(sample, x, y, 1), isRgb ? 3 : 1, name + " U");
      expectNear(planes.v[y * planes.chromaStride + x], chromaAt(sample, x, y, 2), isRgb ? 3 : 1, name + " V");
    }
  }
}

const std::pair<int, int> kSizes[] = {{64, 48}, {63, 47}, {2, 2}, {1, 1}, {33, 2}, {130, 9}};

}  // namespace

TEST("every raw format is converted to I420 without line padding, odd sizes too") {
  check::equal(rawFormats().size(), std::size(kDefinitions), "formats that are tested");
  PixelConverter converter;
  for (const Definition& definition : kDefinitions) {
    for (const auto& [width, height] : kSizes) {
      for (const int padding : {0, 16}) {
        const Sample sample = randomSample(definition, width, height, padding);
        Bytes frame(i420Size(width, height));
        const bool isShown = converter.convertBuffers(sample.format, sample.bytes(), frame.data()).isShown;
        check::that(isShown, fourccName(definition.fourcc) + ": a whole frame was refused");
        compare(sample, frame);
      }
    }
  }
}

TEST("a raw frame that is one byte short in any of its buffers is refused") {
  PixelConverter converter;
  for (const Definition& definition : kDefinitions) {
    for (const auto& [width, height] : kSizes) {
      const Sample sample = randomSample(definition, width, height, 0);
      Bytes frame(i420Size(width, height));
      for (std::size_t memory = 0; memory < kMostPlanes; memory++) {
        Sample shortened = sample;
        if (shortened.memory[memory].empty()) continue;
        shortened.memory[memory].pop_back();
        const bool isShown = converter.convertBuffers(shortened.format, shortened.bytes(), frame.data()).isShown;
        check::that(!isShown, fourccName(definition.fourcc) + " was taken");
      }
    }
  }
}

TEST("an empty buffer and lines shorter than the frame are refused") {
  PixelConverter converter;
  Bytes frame(i420Size(64, 48));
  const Bytes bytes(64 * 48 * 4);
  for (const Definition& definition : kDefinitions) {
    check::that(!converter.convert({64, 48, 64, definition.fourcc, false}, {}, frame.data()).isShown, "an empty buffer was taken");
    const FrameBytes all = {bytes, bytes, bytes};
    check::that(!converter.convertBuffers({64, 48, 30, definition.fourcc, false}, all, frame.data()).isShown, "short lines were taken");
  }
  for (const std::uint32_t fourcc : {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_JPEG}) {
    check::that(!converter.convert({64, 48, 64, fourcc, false}, {}, frame.data()).isShown, "an empty buffer was taken");
    check::that(!converter.convert({64, 48, 30, fourcc, false}, bytes, frame.data()).isShown, "zeros were taken as JPEG");
  }
}

TEST("a raw frame of full range is converted to video range, and RGB, which always has it, only once") {
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
  const Bytes white(32 * 2 * 3, 255);
  for (const bool isFullRange : {false, true}) {
    check::that(converter.convert({32, 2, 96, V4L2_PIX_FMT_RGB24, isFullRange}, white, frame.data()).isShown, "was refused");
    expectNear(frame.front(), 235, 1, "white");
  }
}
