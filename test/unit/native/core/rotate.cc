// Turning a frame, compared with a plain reference that moves one sample at a time.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.h"
#include "pixels/frame.h"
#include "pixels/jpeg-encode.h"
#include "pixels/rotate.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Size {
  int width;
  int height;
};

constexpr int kRotations[] = {0, 90, 180, 270};
constexpr Size kSizes[] = {{1, 1}, {2, 2}, {1, 7}, {5, 3}, {8, 8}, {17, 33}, {64, 48}, {101, 67}, {333, 251}, {640, 480}};

Bytes noise(Size size) {
  Bytes bytes(i420Size(size.width, size.height));
  std::uint32_t seed = static_cast<std::uint32_t>(size.width * 31 + size.height);
  for (std::uint8_t& byte : bytes) {
    seed = seed * 1'664'525 + 1'013'904'223;
    byte = static_cast<std::uint8_t>(seed >> 24);
  }
  return bytes;
}

/** The sample that a clockwise turn brings to column x and row y of a plane; width and height are those before the turn. */
std::uint8_t sampleAt(const std::uint8_t* plane, int width, int height, int degrees, int x, int y) {
  switch (degrees) {
    case 90: return plane[(height - 1 - x) * width + y];
    case 180: return plane[(height - 1 - y) * width + (width - 1 - x)];
    case 270: return plane[x * width + (width - 1 - y)];
    default: return plane[y * width + x];
  }
}

void appendPlane(Bytes& to, const std::uint8_t* plane, int width, int height, int degrees) {
  const Size turned = isSideways(degrees) ? Size{height, width} : Size{width, height};
  for (int y = 0; y < turned.height; y++) {
    for (int x = 0; x < turned.width; x++) to.push_back(sampleAt(plane, width, height, degrees, x, y));
  }
}

Bytes reference(const Bytes& frame, Size size, int degrees) {
  const I420Planes<const std::uint8_t> planes(frame.data(), size.width, size.height);
  Bytes turned;
  appendPlane(turned, planes.y, size.width, size.height, degrees);
  appendPlane(turned, planes.u, planes.chromaStride, chromaSize(size.height), degrees);
  appendPlane(turned, planes.v, planes.chromaStride, chromaSize(size.height), degrees);
  return turned;
}

std::string nameOf(Size size, int degrees) {
  return std::to_string(size.width) + "x" + std::to_string(size.height) + " by " + std::to_string(degrees);
}

Bytes compressed(JpegEncoder& encoder, const Bytes& frame, Size size, int maxWidth, int degrees, Size& made) {
  const auto jpeg = encoder.compress(frame.data(), size.width, size.height, maxWidth, 80, degrees);
  made = {jpeg.width, jpeg.height};
  return Bytes(encoder.jpeg()->begin(), encoder.jpeg()->begin() + static_cast<std::ptrdiff_t>(jpeg.length));
}

}  // namespace

TEST("a frame of any size turns by every rotation as the reference does, with one rotator for all of them") {
  Rotator rotator;
  for (const Size size : kSizes) {
    const Bytes frame = noise(size);
    for (const int degrees : kRotations) {
      const FrameView upright = rotator.upright({frame.data(), size.width, size.height}, degrees);
      const Bytes expected = reference(frame, size, degrees);
      check::equal(upright.width, isSideways(degrees) ? size.height : size.width, nameOf(size, degrees) + ": width");
      check::equal(upright.height, isSideways(degrees) ? size.width : size.height, nameOf(size, degrees) + ": height");
      check::that(Bytes(upright.data, upright.data + expected.size()) == expected, nameOf(size, degrees) + " differs");
    }
  }
}

TEST("an upright frame is not copied, and frames of one size share one buffer") {
  Rotator rotator;
  const Bytes frame = noise({64, 48});
  const FrameView view{frame.data(), 64, 48};
  check::that(rotator.upright(view, 0).data == frame.data(), "copied");
  const std::uint8_t* first = rotator.upright(view, 90).data;
  for (const int degrees : {180, 270, 90}) check::that(rotator.upright(view, degrees).data == first, "another buffer");
}

TEST("any other turn is refused") {
  Rotator rotator;
  const Bytes frame = noise({8, 6});
  for (const int degrees : {-90, 1, 45, 360}) {
    try {
      rotator.upright({frame.data(), 8, 6}, degrees);
    } catch (const std::runtime_error&) {
      continue;
    }
    check::that(false, std::to_string(degrees) + " degrees were accepted");
  }
}

TEST("the JPEG of a turned frame is that of the upright frame, also when the rotation changes") {
  JpegEncoder turning;
  JpegEncoder plain;
  for (const Size size : kSizes) {
    const Bytes frame = noise(size);
    for (const int degrees : kRotations) {
      Size made{};
      Size expected{};
      const Bytes upright = reference(frame, size, degrees);
      const Size uprightSize = isSideways(degrees) ? Size{size.height, size.width} : size;
      const Bytes jpeg = compressed(turning, frame, size, 4096, degrees, made);
      check::that(jpeg == compressed(plain, upright, uprightSize, 4096, 0, expected), nameOf(size, degrees) + " differs");
      check::equal(made.width, expected.width, nameOf(size, degrees) + ": width");
      check::equal(made.height, expected.height, nameOf(size, degrees) + ": height");
    }
  }
}

TEST("the largest width applies to the upright frame") {
  JpegEncoder encoder;
  const Bytes frame = noise({640, 480});
  Size made{};
  for (const int degrees : {90, 270}) {
    compressed(encoder, frame, {640, 480}, 480, degrees, made);
    check::equal(made.width, 480, "width that fits");
    check::equal(made.height, 640, "height of a width that fits");
    compressed(encoder, frame, {640, 480}, 240, degrees, made);
    check::equal(made.width, 240, "scaled width");
    check::equal(made.height, 320, "scaled height");
  }
}
