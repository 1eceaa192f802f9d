// Choosing a mode from the lists of real cameras.
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "check.h"
#include "capture/mode-choice.h"

using namespace callnative;

namespace {

using Modes = std::vector<Mode>;

const CaptureConstraints kHd = {1280, 720, 30};
const CaptureConstraints kVga = {640, 480, 30};
const CaptureConstraints kQuarter = {320, 240, 30};
/** What USB 2.0 carries. */
constexpr double kUsb2 = 24e6;

/** One mode for each rate. */
void add(Modes& modes, const char* fourcc, int width, int height, std::initializer_list<double> rates) {
  for (const double rate : rates) modes.push_back({width, height, rate, fourcc});
}

/** A typical webcam on USB 2.0: large raw modes are slow, MJPG modes are not. */
Modes webcam() {
  Modes modes;
  add(modes, "YUYV", 640, 480, {30, 24, 20, 15, 10, 7.5, 5});
  add(modes, "YUYV", 320, 240, {30, 15});
  add(modes, "YUYV", 160, 90, {30, 15});
  add(modes, "YUYV", 1280, 720, {10, 7.5, 5});
  add(modes, "YUYV", 1920, 1080, {5});
  add(modes, "MJPG", 640, 480, {30, 15});
  add(modes, "MJPG", 1280, 720, {30, 15});
  add(modes, "MJPG", 1920, 1080, {30, 15});
  return modes;
}

/** A laptop camera, with only MJPG above VGA. */
Modes laptop() {
  Modes modes;
  add(modes, "MJPG", 1280, 720, {30});
  add(modes, "MJPG", 960, 540, {30});
  add(modes, "MJPG", 640, 480, {30});
  add(modes, "YUYV", 640, 480, {30});
  add(modes, "YUYV", 640, 360, {30});
  return modes;
}

std::string text(const Mode& mode) {
  std::ostringstream out;
  out << mode.fourcc << " " << mode.width << "x" << mode.height << "@" << mode.fps;
  return out.str();
}

std::string chosen(const Modes& modes, const CaptureConstraints& constraints, double busCapacity = kUnlimited) {
  const auto mode = chooseMode(modes, constraints, busCapacity);
  if (!mode) return "none";
  // The choice must not depend on the order in which a driver lists its modes.
  Modes reversed(modes.rbegin(), modes.rend());
  check::equal(text(*chooseMode(reversed, constraints, busCapacity)), text(*mode), "of the reversed list");
  return text(*mode);
}

std::string sizes(const SizeRange& range, const CaptureConstraints* constraints) {
  std::string all;
  for (const Size& size : sizesWithin(range, constraints)) all += std::to_string(size.width) + "x" + std::to_string(size.height) + " ";
  return all;
}

}  // namespace

TEST("1280x720 at 30 is chosen if the camera has it, as MJPG if raw is slow") {
  check::equal(chosen(webcam(), kHd, kUsb2), "MJPG 1280x720@30", "webcam");
  check::equal(chosen(laptop(), kHd, kUsb2), "MJPG 1280x720@30", "laptop");
}

TEST("raw is chosen if it is as good as MJPG") {
  check::equal(chosen(webcam(), kVga, kUsb2), "YUYV 640x480@30", "webcam at VGA");
  check::equal(chosen(laptop(), {640, 360, 30}, kUsb2), "YUYV 640x360@30", "laptop at 640x360");
}

TEST("of equal modes the usual raw formats come first, then JPEG, then the other raw formats") {
  const Modes unusual = {{640, 480, 30, "NV21"}, {640, 480, 30, "RGB3"}};
  check::equal(chosen({unusual[0], {640, 480, 30, "JPEG"}}, kVga), "JPEG 640x480@30", "before NV21");
  check::equal(chosen({unusual[1], {640, 480, 30, "NM12"}, {640, 480, 30, "MJPG"}}, kVga), "NM12 640x480@30", "before MJPG");
  check::equal(chosen({unusual[1], {320, 240, 30, "YUYV"}}, kVga), "RGB3 640x480@30", "of the full size");
}

TEST("a mode without colours comes after all others") {
  const Mode grey{640, 480, 30, "GREY"};
  check::equal(chosen({grey, {160, 120, 5, "YUYV"}}, kVga), "YUYV 160x120@5", "small and slow, but in colour");
  check::equal(chosen({grey}, kVga), "GREY 640x480@30", "the only mode");
}

TEST("the bandwidth of a raw mode follows its format") {
  const auto megabytes = [](const char* fourcc) { return bytesPerSecond({1000, 1000, 1, fourcc}) / 1e6; };
  for (const char* fourcc : {"NV12", "YM12", "YV12", "NV21"}) check::equal(megabytes(fourcc), 1.5, fourcc);
  for (const char* fourcc : {"YUYV", "VYUY", "NV16"}) check::equal(megabytes(fourcc), 2.0, fourcc);
  check::equal(megabytes("RGB3"), 3.0, "RGB3");
  check::equal(megabytes("XR24"), 4.0, "XR24");
  check::equal(megabytes("GREY"), 1.0, "GREY");
}

TEST("a raw mode that exceeds the bus comes after all modes that fit") {
  const Modes modes = {{1280, 720, 30, "YUYV"}, {1280, 720, 30, "MJPG"}, {640, 480, 30, "YUYV"}};
  check::equal(chosen(modes, kHd, kUsb2), "MJPG 1280x720@30", "55 MB/s on USB 2.0");
  check::equal(chosen(modes, kHd), "YUYV 1280x720@30", "the same on a faster connection");
  check::equal(chosen({{1280, 720, 30, "YUYV"}, {320, 240, 30, "YUYV"}}, kHd, kUsb2), "YUYV 320x240@30", "small, and fits the bus");
  check::equal(chosen({{1280, 720, 30, "YUYV"}}, kHd, kUsb2), "YUYV 1280x720@30", "the only mode");
}

TEST("a camera without a fitting mode opens with its nearest mode") {
  check::equal(chosen({{3840, 2160, 30, "MJPG"}}, kVga, kUsb2), "MJPG 3840x2160@30", "4K only");
  check::equal(chosen({{3840, 2160, 30, "MJPG"}, {1920, 1080, 30, "MJPG"}}, kVga), "MJPG 1920x1080@30", "the smaller of two");
  check::equal(chosen({{640, 480, 30, "YUYV"}}, kHd, kUsb2), "YUYV 640x480@30", "VGA only");
  check::equal(chosen({{160, 120, 7.5, "YUYV"}}, kHd), "YUYV 160x120@7.5", "tiny and slow");
  check::equal(chosen({{720, 1280, 30, "NV12"}}, kHd), "NV12 720x1280@30", "upright");
  check::equal(chosen({}, kHd), "none", "no modes at all");
}

TEST("a smaller frame at the full rate is chosen before the full size at a low rate") {
  check::equal(chosen({{1280, 720, 10, "YUYV"}, {640, 480, 30, "YUYV"}}, kHd), "YUYV 640x480@30", "10 fps");
  check::equal(chosen({{1280, 720, 7.5, "YUYV"}, {640, 480, 7.5, "YUYV"}}, kHd), "YUYV 1280x720@7.5", "all as slow");
  check::equal(chosen({{1280, 720, 7.5, "YUYV"}, {160, 120, 30, "YUYV"}}, kHd), "YUYV 1280x720@7.5", "too small to be useful");
}

TEST("fractional and unusual rates are compared correctly") {
  check::equal(chosen({{640, 480, 29.97, "MJPG"}, {640, 480, 15, "YUYV"}}, kVga), "MJPG 640x480@29.97", "29.97 is 30");
  check::equal(chosen({{640, 480, 30, "YUYV"}, {640, 480, 60, "YUYV"}}, kVga), "YUYV 640x480@30", "60 is too many");
  check::equal(chosen({{640, 480, 50, "YUYV"}, {640, 480, 25, "YUYV"}}, kVga), "YUYV 640x480@50", "25 is too few");
  check::equal(chosen(webcam(), {640, 480, 7.5}), "YUYV 640x480@7.5", "7.5 was requested");
}

TEST("of two similar sizes the one with the requested aspect ratio is chosen") {
  check::equal(chosen({{960, 720, 30, "MJPG"}, {1136, 640, 30, "MJPG"}}, kHd), "MJPG 1136x640@30", "16:9");
  check::equal(chosen({{640, 480, 30, "MJPG"}, {320, 180, 30, "MJPG"}}, {640, 360, 30}), "MJPG 640x480@30", "not at any price");
}

TEST("constraints equal to a mode choose that mode") {
  for (const Modes& modes : {webcam(), laptop()}) {
    for (const Mode& mode : modes) {
      check::equal(chosen(modes, {mode.width, mode.height, mode.fps, mode.fourcc}), text(mode), "requested");
    }
  }
}

TEST("after a mode exceeded the bus, modes of less bandwidth remain until there is none") {
  Modes modes = webcam();
  double last = kUnlimited;
  int steps = 0;
  for (auto mode = chooseMode(modes, kHd); mode; mode = chooseMode(modes, kHd)) {
    check::that(bytesPerSecond(*mode) < last, text(*mode) + " needs no less than the one before");
    last = bytesPerSecond(*mode);
    modes = modesBelow(modes, *mode);
    steps++;
  }
  check::that(steps > 2, "ended early");
}

TEST("a range of sizes yields the usual sizes and the requested one, on its steps and within its bounds") {
  const SizeRange range{{48, 32}, {1920, 1080}, {16, 8}};
  check::equal(sizes(range, nullptr), "320x240 640x360 640x480 1280x720 1920x1080 ", "usual");
  const CaptureConstraints odd{333, 251, 30};
  check::equal(sizes(range, &odd), "320x240 640x360 640x480 1280x720 1920x1080 320x248 ", "requested");
  check::equal(sizes({{16, 16}, {200, 100}, {1, 1}}, nullptr), "200x100 ", "smaller than any usual size");
  check::equal(sizes({{2592, 1944}, {2592, 1944}, {0, 0}}, &kQuarter), "2592x1944 ", "one size");
}

TEST("an empty range yields no sizes") {
  check::equal(sizes({{0, 0}, {0, 0}, {0, 0}}, nullptr), "", "empty");
  check::equal(sizes({{640, 480}, {320, 240}, {1, 1}}, &kQuarter), "", "upside down");
}
