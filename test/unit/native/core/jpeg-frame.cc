// Copying a camera's own JPEG, and raw lines that end in the middle of a pair of pixels.
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <algorithm>
#include <vector>

#include "check.h"
#include "jpeg/normal-jpeg.h"
#include "jpeg/standard-tables.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes encode(int sampling) {
  Bytes colours(64 * 48 * 3);
  for (std::size_t i = 0; i < colours.size(); i++) colours[i] = static_cast<std::uint8_t>(i * 7 + i / 192);
  tjhandle compressor = tjInitCompress();
  unsigned char* jpeg = nullptr;
  unsigned long length = 0;
  tjCompress2(compressor, colours.data(), 64, 0, 48, TJPF_RGB, &jpeg, &length, sampling, 90, 0);
  const Bytes result(jpeg, jpeg + length);
  tjFree(jpeg);
  tjDestroy(compressor);
  return result;
}

/** Removes the DHT segments, which many webcams never send. Their contents are appended to `tables`. */
Bytes withoutTables(const Bytes& jpeg, Bytes& tables) {
  Bytes rest(jpeg.begin(), jpeg.begin() + 2);
  std::size_t at = 2;
  while (jpeg[at + 1] != 0xDA) {
    const std::size_t next = at + 2 + (static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3]);
    const bool isTable = jpeg[at + 1] == 0xC4;
    Bytes& target = isTable ? tables : rest;
    target.insert(target.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at + (isTable ? 4 : 0)), jpeg.begin() + static_cast<std::ptrdiff_t>(next));
    at = next;
  }
  rest.insert(rest.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end());
  return rest;
}

/** The JPEG that is handed on; empty for none. */
Bytes copied(const Bytes& jpeg) {
  PixelConverter converter;
  Bytes target(i420Size(64, 48));
  converter.convert({64, 48, 0, V4L2_PIX_FMT_MJPEG, true}, jpeg, target.data());
  return Bytes(converter.jpeg().begin(), converter.jpeg().end());
}

Bytes decode(const Bytes& jpeg) {
  PixelConverter converter;
  Bytes target(i420Size(64, 48));
  check::that(converter.convert({64, 48, 0, V4L2_PIX_FMT_MJPEG, true}, jpeg, target.data()).isShown, "does not decode");
  return target;
}

}  // namespace

TEST("a whole JPEG is handed on unchanged") {
  for (const int sampling : {TJSAMP_420, TJSAMP_422, TJSAMP_444}) {
    const Bytes jpeg = encode(sampling);
    check::that(copied(jpeg) == jpeg, "differs");
  }
}

TEST("padding behind a JPEG, a second picture, comments and application data are removed, and a missing end marker is added") {
  const Bytes jpeg = encode(TJSAMP_422);
  const auto withBytes = [&](std::size_t at, const Bytes& more) {
    Bytes changed = jpeg;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
    return changed;
  };
  check::that(copied(withBytes(jpeg.size(), Bytes(4096))) == jpeg, "padding");
  check::that(copied(withBytes(jpeg.size(), jpeg)) == jpeg, "a second picture");
  check::that(copied(withBytes(2, {0xFF, 0xE1, 0, 4, 1, 2, 0xFF, 0xFE, 0, 3, 1})) == jpeg, "application data and a comment");
  check::that(copied(Bytes(jpeg.begin(), jpeg.end() - 2)) == jpeg, "without end marker");
}

TEST("a JPEG without Huffman tables receives the standard ones and decodes to the same frame") {
  const Bytes whole = encode(TJSAMP_422);
  Bytes tables;
  const Bytes bare = withoutTables(whole, tables);
  check::equal(tables.size(), kHuffmanTablesSize - 4, "bytes of libjpeg's own tables, which are the standard ones");
  const Bytes completed = copied(bare);
  check::equal(completed.size(), bare.size() + kHuffmanTablesSize, "length");
  check::that(std::search(completed.begin(), completed.end(), tables.begin(), tables.end()) != completed.end(), "other tables");
  check::that(decode(completed) == decode(whole), "another frame");
  check::that(decode(bare) == decode(whole), "the JPEG without tables decodes to another frame");
}

TEST("a truncated JPEG and other bytes are not handed on") {
  const Bytes whole = encode(TJSAMP_422);
  for (std::size_t length = 0; length + 40 < whole.size(); length += 5) {
    check::that(copied(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))).empty(), std::to_string(length) + " bytes were copied");
  }
  check::that(copied(Bytes(500, 0xFF)).empty(), "fill bytes");
  check::that(copied(Bytes(500, 0)).empty(), "zeros");
}

TEST("raw lines of an odd width that end in the middle of a pair keep their last column") {
  for (const std::uint32_t fourcc : {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY}) {
    for (const auto& [width, height] : {std::pair{5, 3}, {1, 1}, {1, 2}, {161, 121}}) {
      Bytes bytes(static_cast<std::size_t>(width * height * 2));
      for (std::size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<std::uint8_t>(i * 13);
      Bytes target(i420Size(width, height), 1);
      PixelConverter converter;
      check::that(converter.convert({width, height, width * 2, fourcc, false}, bytes, target.data()).isShown, "was refused");
      const std::size_t offset = fourcc == V4L2_PIX_FMT_YUYV ? 0 : 1;
      for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(width * height); pixel++) {
        check::equal(static_cast<int>(target[pixel]), static_cast<int>(bytes[2 * pixel + offset]), "luma");
      }
      bytes.pop_back();
      check::that(!converter.convert({width, height, width * 2, fourcc, false}, bytes, target.data()).isShown, "one byte short was taken");
    }
  }
}
