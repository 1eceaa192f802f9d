// Absolute deadlines keep the rate from drifting. Each frame is a prepared background with a moving bar and a bouncing box.
#include "capture/test-pattern.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "system/clock.h"
#include "pixels/stamp.h"
#include "system/system-error.h"

namespace callnative {

namespace {

/** 0 to `range` and back again as `step` rises. */
int bounce(std::uint32_t step, int range) {
  if (range <= 0) return 0;
  const int phase = static_cast<int>(step % static_cast<std::uint32_t>(2 * range));
  return phase < range ? phase : 2 * range - phase;
}

void fillRectangle(std::uint8_t* plane, int stride, int left, int top, int width, int height, std::uint8_t value) {
  for (int y = top; y < top + height; y++) {
    std::memset(plane + static_cast<std::ptrdiff_t>(y) * stride + left, value, static_cast<std::size_t>(width));
  }
}

void fillBox(std::uint8_t* target, int width, int height, int left, int top, int size, const std::uint8_t (&yuv)[3]) {
  const I420Planes<std::uint8_t> planes(target, width, height);
  fillRectangle(planes.y, width, left & ~1, top & ~1, size & ~1, size & ~1, yuv[0]);
  fillRectangle(planes.u, planes.chromaStride, left / 2, top / 2, size / 2, size / 2, yuv[1]);
  fillRectangle(planes.v, planes.chromaStride, left / 2, top / 2, size / 2, size / 2, yuv[2]);
}

}  // namespace

TestPattern::TestPattern(const CaptureConstraints& constraints)
    : mode_{constraints.width, constraints.height, constraints.fps, "I420"},
      background_(i420Size(constraints.width, constraints.height)),
      periodNs_(static_cast<std::int64_t>(static_cast<double>(kNsPerSecond) / constraints.fps)) {
  if (constraints.width < kStampMinWidth || constraints.height < kStampMinHeight) {
    throw SystemError("open", 0, "test-pattern",
                      "the test pattern is at least " + std::to_string(kStampMinWidth) + "x" +
                          std::to_string(kStampMinHeight) + ", not " + std::to_string(constraints.width) + "x" +
                          std::to_string(constraints.height));
  }
  drawBackground();
}

bool TestPattern::wait(int stopFd) {
  const std::int64_t start = monotonicNs();
  // A pattern that fell behind by more than a frame starts again from now instead of catching up.
  if (deadlineNs_ == 0 || start > deadlineNs_ + 2 * periodNs_) deadlineNs_ = start;
  pollfd stop{stopFd, POLLIN, 0};
  for (;;) {
    const std::int64_t left = std::max<std::int64_t>(0, deadlineNs_ - monotonicNs());
    const timespec timeout{left / kNsPerSecond, left % kNsPerSecond};
    const int result = ::ppoll(&stop, 1, &timeout, nullptr);
    if (result > 0) return false;
    if (result == 0) break;
    if (errno != EINTR) throwErrno("ppoll", "test-pattern");
  }
  deadlineNs_ += periodNs_;
  return true;
}

FrameVerdict TestPattern::take(std::uint8_t* target, const std::uint8_t* /*previous*/) {
  capturedAtUs_ = unixTimeUs();
  std::memcpy(target, background_.data(), background_.size());
  drawBar(target);
  drawBox(target);
  writeStamp(target, mode_.width, mode_.height,
             {static_cast<std::uint32_t>(capturedAtUs_ / 100), static_cast<std::uint16_t>(sequence_)});
  sequence_++;
  return {};
}

/** A slanting gradient with a soft weave, about as detailed as a webcam's view of a room. */
void TestPattern::drawBackground() {
  const I420Planes<std::uint8_t> planes(background_.data(), mode_.width, mode_.height);
  for (int y = 0; y < mode_.height; y++) {
    std::uint8_t* row = planes.y + static_cast<std::ptrdiff_t>(y) * mode_.width;
    for (int x = 0; x < mode_.width; x++) {
      const int gradient = 40 + 90 * x / mode_.width + 60 * y / mode_.height;
      const int weave = ((x / 8 + y / 8) % 2 == 0 ? 8 : -8) + (x * 7 + y * 13) % 5;
      row[x] = static_cast<std::uint8_t>(gradient + weave);
    }
  }
  for (int y = 0; y < chromaSize(mode_.height); y++) {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * planes.chromaStride;
    std::memset(planes.v + row, 100 + 60 * y / chromaSize(mode_.height), static_cast<std::size_t>(planes.chromaStride));
    for (int x = 0; x < planes.chromaStride; x++) {
      planes.u[row + x] = static_cast<std::uint8_t>(100 + 60 * x / planes.chromaStride);
    }
  }
}

void TestPattern::drawBar(std::uint8_t* target) const {
  const int width = std::max(2, mode_.width / 24);
  const int left = bounce(sequence_ * 4, mode_.width - width);
  const int top = mode_.height / 8;
  fillRectangle(target, mode_.width, left, top, width, mode_.height - top, 210);
}

void TestPattern::drawBox(std::uint8_t* target) const {
  const int size = std::min(mode_.width, mode_.height) / 5;
  const int left = bounce(sequence_ * 5, mode_.width - size);
  const int top = mode_.height / 8 + 2 + bounce(sequence_ * 3, mode_.height - mode_.height / 8 - size - 2);
  static constexpr std::uint8_t kRed[3] = {81, 90, 240};
  fillBox(target, mode_.width, mode_.height, left, top, size, kRed);
}

}  // namespace callnative
