// MJPG as webcams send it: every sampling, odd sizes, padding, and truncated or damaged frames.
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <cstdlib>
#include <iterator>
#include <random>
#include <vector>

#include "check.h"
#include "pixels/pixel-convert.h"
#include "pixels/frame.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;

/** A vertical gradient with two halves of different colour, which every sampling preserves. */
Bytes encode(int width, int height, int sampling) {
  Bytes colours(static_cast<std::size_t>(width * height * 3));
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      std::uint8_t* pixel = &colours[static_cast<std::size_t>((y * width + x) * 3)];
      pixel[0] = static_cast<std::uint8_t>(x < width / 2 ? 200 : 60);
      pixel[1] = static_cast<std::uint8_t>(40 + 150 * y / height);
      pixel[2] = 90;
    }
  }
  tjhandle compressor = tjInitCompress();
  unsigned char* jpeg = nullptr;
  unsigned long length = 0;
  tjCompress2(compressor, colours.data(), width, 0, height, TJPF_RGB, &jpeg, &length, sampling, 95, 0);
  const Bytes result(jpeg, jpeg + length);
  tjFree(jpeg);
  tjDestroy(compressor);
  return result;
}

V4l2Format formatOf(int width, int height) { return {width, height, 0, V4L2_PIX_FMT_MJPEG, true}; }

bool convert(const Bytes& jpeg, int width, int height, Bytes& frame) {
  static PixelConverter converter;
  frame.assign(i420Size(width, height), 0);
  return converter.convert(formatOf(width, height), jpeg, frame.data()).isShown;
}

/** BT.601, from 8-bit RGB to video range. */
int lumaOf(int red, int green, int blue) { return 16 + (66 * red + 129 * green + 25 * blue + 128) / 256; }

void expectSlope(const Bytes& frame, int width, int height) {
  for (int y = 0; y < height; y++) {
    const int expected = lumaOf(200, 40 + 150 * y / height, 90);
    const int actual = frame[static_cast<std::size_t>(y * width + width / 4)];
    check::that(std::abs(actual - expected) <= 6, "line " + std::to_string(y) + ": luma " + std::to_string(actual) +
                                                      ", expected " + std::to_string(expected));
  }
}

}  // namespace

TEST("MJPG of every sampling becomes I420 of video range, odd sizes too") {
  for (const int sampling : {TJSAMP_420, TJSAMP_422, TJSAMP_444, TJSAMP_440, TJSAMP_411}) {
    for (const auto& [width, height] : {std::pair{64, 48}, {63, 47}, {66, 34}, {33, 50}}) {
      Bytes frame;
      check::that(convert(encode(width, height, sampling), width, height, frame), "a whole frame was refused");
      expectSlope(frame, width, height);
    }
  }
}

TEST("grey MJPG becomes I420 with neutral chroma") {
  Bytes frame;
  check::that(convert(encode(64, 48, TJSAMP_GRAY), 64, 48, frame), "was refused");
  check::that(std::abs(frame.back() - 128) <= 1, "chroma is not neutral");
}

TEST("of truncated MJPG the part that came is shown once it is most of the picture, with the rest of the frame before") {
  for (const int sampling : {TJSAMP_420, TJSAMP_422, TJSAMP_444}) {
    const Bytes whole = encode(64, 96, sampling);
    Bytes right;
    convert(whole, 64, 96, right);
    const Bytes before(i420Size(64, 96), 77);
    int shown = 0;
    for (std::size_t length = 0; length + 2 < whole.size(); length += 13) {
      PixelConverter converter;
      Bytes frame(right.size());
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const FrameVerdict verdict = converter.convert(formatOf(64, 96), cut, frame.data(), before.data());
      check::that(verdict.quality == FrameQuality::damaged || frame == right, "a wrong frame counts as whole");
      if (!verdict.isShown) continue;
      shown++;
      const auto row = [&](const Bytes& of, int y) { return Bytes(of.begin() + 64 * y, of.begin() + 64 * (y + 1)); };
      int y = 0;
      while (y < 96 && row(frame, y) == row(right, y)) y++;
      check::that(y > 48, "only " + std::to_string(y) + " rows came");
      for (; y < 96; y++) check::that(row(frame, y) == row(before, y), "row " + std::to_string(y) + " is of neither frame");
    }
    check::that(shown > 2, "only " + std::to_string(shown) + " were shown");
  }
}

TEST("a whole frame is accepted after a truncated one") {
  const Bytes whole = encode(64, 48, TJSAMP_422);
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    Bytes frame;
    convert(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)), 64, 48, frame);
    check::that(convert(whole, 64, 48, frame), "refused after " + std::to_string(length) + " bytes");
  }
}

TEST("MJPG of another size than the mode's is refused") {
  Bytes frame;
  check::that(!convert(encode(64, 48, TJSAMP_420), 48, 64, frame), "was taken");
  check::that(!convert(encode(640, 480, TJSAMP_420), 64, 48, frame), "a larger one was taken");
}

TEST("MJPG padded with zeros, as many webcams send it, is accepted") {
  Bytes jpeg = encode(64, 48, TJSAMP_422);
  jpeg.resize(jpeg.size() + 4096);
  Bytes frame;
  check::that(convert(jpeg, 64, 48, frame), "was refused");
  expectSlope(frame, 64, 48);
}

TEST("MJPG with stray bytes before its end marker, as some webcams send it, is accepted") {
  Bytes jpeg = encode(64, 48, TJSAMP_422);
  const std::uint8_t stray[] = {0x00, 0x01, 0x02};
  jpeg.insert(jpeg.end() - 2, std::begin(stray), std::end(stray));
  Bytes frame;
  check::that(convert(jpeg, 64, 48, frame), "was refused");
  expectSlope(frame, 64, 48);
}

TEST("damaged MJPG never reads or writes beyond its buffers") {
  std::mt19937 random(1);
  const Bytes whole = encode(64, 48, TJSAMP_422);
  for (int round = 0; round < 2000; round++) {
    Bytes damaged = whole;
    for (int hit = 0; hit < 3; hit++) damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    Bytes frame;
    convert(damaged, 64, 48, frame);
  }
}
