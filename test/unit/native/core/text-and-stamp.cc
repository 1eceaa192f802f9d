// Base64, the stamp and its checksum, JPEG encoding, and the choice of a mode.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "pixels/base64.h"
#include "check.h"
#include "pixels/jpeg-encode.h"
#include "pixels/frame.h"
#include "pixels/stamp.h"
#include "capture/v4l2-formats.h"

using namespace callnative;

namespace {

std::string base64Of(const std::string& bytes) {
  std::vector<std::uint8_t> text(base64Size(bytes.size()));
  const std::vector<std::uint8_t> data(bytes.begin(), bytes.end());
  encodeBase64(data.data(), data.size(), text.data());
  return {text.begin(), text.end()};
}

std::string chosen(const std::vector<Mode>& modes, const CaptureConstraints& constraints) {
  const auto mode = chooseMode(modes, constraints);
  if (!mode) return "none";
  return mode->fourcc + " " + std::to_string(mode->width) + "x" + std::to_string(mode->height) + "@" +
         std::to_string(static_cast<int>(mode->fps));
}

const std::vector<Mode> kWebcam = {
    {640, 480, 30, "YUYV"},  {640, 480, 15, "YUYV"},  {320, 240, 30, "YUYV"},  {1280, 720, 10, "YUYV"},
    {1280, 720, 30, "MJPG"}, {640, 480, 30, "MJPG"},  {640, 480, 60, "MJPG"},  {1920, 1080, 30, "MJPG"},
};

}  // namespace

TEST("base64 matches the examples of RFC 4648, section 10") {
  const std::pair<const char*, const char*> examples[] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},  {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) check::equal(base64Of(bytes), std::string(text), bytes);
  check::equal(base64Of("\xfb\xff\xbf"), std::string("+/+/"), "the last two letters");
}

TEST("the checksum matches the check value of CRC-16/CCITT-FALSE") {
  const std::string digits = "123456789";
  const auto* data = reinterpret_cast<const std::uint8_t*>(digits.data());
  check::equal(crc16(data, static_cast<int>(digits.size())), 0x29B1, "check value");
}

TEST("the stamp is read back from frames of every width, noisy ones too, and stays in the top eighth") {
  std::mt19937 random(7);
  for (int width = kStampMinWidth; width < 260; width++) {
    const int height = kStampMinHeight + width % 50;
    std::vector<std::uint8_t> frame(i420Size(width, height), 77);
    const Stamp stamp{static_cast<std::uint32_t>(random()), static_cast<std::uint16_t>(random())};
    writeStamp(frame.data(), width, height, stamp);
    check::equal(static_cast<int>(frame[static_cast<std::size_t>(width * (height / 8))]), 77, "the line below");
    for (std::uint8_t& byte : frame) byte = static_cast<std::uint8_t>(byte * 7 / 8 + random() % 30);
    const auto read = readStamp(frame.data(), width, height);
    check::that(read.has_value(), "width " + std::to_string(width) + " is not readable");
    check::equal(read->ticks, stamp.ticks, "ticks");
    check::equal(read->sequence, stamp.sequence, "sequence");
  }
}

TEST("a single flipped bit invalidates the stamp") {
  std::vector<std::uint8_t> clean(i420Size(320, 240));
  writeStamp(clean.data(), 320, 240, {0x12345678, 0x9ABC});
  for (int bit = 0; bit < 64; bit++) {
    std::vector<std::uint8_t> frame = clean;
    for (int y = bit / 32 * 15; y < (bit / 32 + 1) * 15; y++) {
      for (int x = bit % 32 * 10; x < (bit % 32 + 1) * 10; x++) {
        std::uint8_t& pixel = frame[static_cast<std::size_t>(y * 320 + x)];
        pixel = pixel > 100 ? 16 : 235;
      }
    }
    check::that(!readStamp(frame.data(), 320, 240).has_value(), "bit " + std::to_string(bit) + " went unnoticed");
  }
}

TEST("JPEG encoding of odd, even and scaled sizes stays within its buffers") {
  JpegEncoder encoder;
  for (const auto& [width, height] : {std::pair{64, 48}, {63, 47}, {1, 1}, {2, 1}, {1, 2}, {17, 300}, {300, 3}}) {
    const std::vector<std::uint8_t> frame(i420Size(width, height), 120);
    for (const int maxWidth : {2, 3, 16, 31, 1000}) {
      const auto made = encoder.encode(frame.data(), width, height, maxWidth, 80);
      check::that(made.width <= std::max(2, maxWidth) || made.width == width, "too wide");
      check::that(made.textLength <= encoder.text()->size() && made.textLength % 4 == 0, "length of the text");
    }
  }
}

TEST("the nearest mode is chosen: rate before size, raw before MJPG") {
  check::equal(chosen(kWebcam, {640, 480, 30}), "YUYV 640x480@30", "exact, raw");
  check::equal(chosen(kWebcam, {1280, 720, 30}), "MJPG 1280x720@30", "MJPG reaches the rate");
  check::equal(chosen(kWebcam, {1280, 720, 10}), "YUYV 1280x720@10", "raw reaches this one");
  check::equal(chosen(kWebcam, {640, 480, 60}), "MJPG 640x480@60", "only MJPG at 60");
  check::equal(chosen(kWebcam, {400, 300, 30}), "YUYV 320x240@30", "smaller before larger");
  check::equal(chosen(kWebcam, {3840, 2160, 30}), "MJPG 1920x1080@30", "the largest there is");
  check::equal(chosen(kWebcam, {640, 360, 30}), "YUYV 640x480@30", "a little larger before half the size");
  check::equal(chosen({{1280, 720, 10, "YUYV"}, {640, 480, 30, "YUYV"}}, {1280, 720, 30}), "YUYV 640x480@30", "rate first");
  check::equal(chosen({{1280, 720, 30, "YUYV"}}, {320, 240, 30}), "YUYV 1280x720@30", "the only one");
  check::equal(chosen({{640, 480, 29.97, "YUYV"}, {320, 240, 30, "YUYV"}}, {640, 480, 30}), "YUYV 640x480@29", "29.97");
}

TEST("a required format is chosen at any cost, or no mode") {
  check::equal(chosen(kWebcam, {320, 240, 30, "MJPG"}), "MJPG 640x480@30", "MJPG only");
  check::equal(chosen(kWebcam, {640, 480, 30, "NV12"}), "none", "a format that is not there");
  check::equal(chosen({}, {640, 480, 30}), "none", "no modes");
}
