// The stamp of the test pattern: written to frames of any size and read back, read from any pixels, and drawn as part of
// the pattern.
#include <cstring>

#include "fuzz-input.h"
#include "pixels/frame.h"
#include "pixels/stamp.h"
#include "system/system-error.h"
#include "capture/test-pattern.h"

using namespace callnative;

namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::uint32_t kMostSide = 160;

void drawPattern(std::span<std::uint8_t> frame, int width, int height, double fps) {
  CaptureConstraints constraints;
  constraints.width = width;
  constraints.height = height;
  constraints.fps = fps;
  try {
    TestPattern pattern(constraints);
    fuzz::demand(pattern.mode().width == width && pattern.mode().height == height, "the pattern has the size asked for");
    fuzz::demand(pattern.take(frame.data(), nullptr).quality == FrameQuality::whole, "the pattern is always whole");
    fuzz::demand(readStamp(frame.data(), width, height).has_value(), "the pattern carries a stamp");
  } catch (const SystemError&) {
    fuzz::demand(width < kStampMinWidth || height < kStampMinHeight, "only sizes below the stamp's are refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedMemory memory(kMostBytes);
  fuzz::Input input(data, size);
  const std::uint8_t kind = input.byte();
  const int width = 1 + static_cast<int>(input.number(2) % kMostSide);
  const int height = 1 + static_cast<int>(input.number(2) % kMostSide);
  const Stamp stamp{input.number(4), static_cast<std::uint16_t>(input.number(2))};
  const auto frame = memory.last(i420Size(width, height), input.rest());
  readStamp(frame.data(), width, height);
  const bool isLarge = width >= kStampMinWidth && height >= kStampMinHeight;
  if (isLarge) {
    writeStamp(frame.data(), width, height, stamp);
    const auto read = readStamp(frame.data(), width, height);
    fuzz::demand(read && read->ticks == stamp.ticks && read->sequence == stamp.sequence, "a stamp is read as it was written");
  }
  if (kind < 32) drawPattern(frame, width, height, 1 + kind);
  return 0;
}
