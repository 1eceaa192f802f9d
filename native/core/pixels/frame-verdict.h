// What a camera's frame is worth: decided by the rows that were decoded, not by a decoder's warnings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace callnative {

enum class FrameQuality : std::uint8_t {
  /** As the standard wants it. Padding behind the end marker and missing standard tables do not count. */
  whole,
  /** Deviates from the standard, but every row was decoded. */
  repaired,
  /** Rows are missing or wrong. */
  damaged,
};

/** Deviations of a frame. The order is that of kFaultNames; those from `cutShort` on are damage. */
enum class FrameFault : std::uint8_t {
  bytesBeforeRestart,
  restartNumbers,
  restartInterval,
  noEndMarker,
  bytesBeforeEnd,
  noStartMarker,
  bytesBeforeStart,
  strayBytes,
  sizeInHeader,
  markedByDriver,
  cutShort,
  wrongData,
  lostPart,
  otherSize,
  unsupported,
  notJpeg,
  tooShort,
  count,
};

constexpr std::size_t kFaults = static_cast<std::size_t>(FrameFault::count);

/** The names that JavaScript uses; see `FrameFault` in native/types.ts. */
constexpr std::array<const char*, kFaults> kFaultNames = {
    "bytesBeforeRestart", "restartNumbers", "restartInterval", "noEndMarker",    "bytesBeforeEnd", "noStartMarker",
    "bytesBeforeStart",   "strayBytes",     "sizeInHeader",    "markedByDriver", "cutShort",       "wrongData",
    "lostPart",           "otherSize",      "unsupported",     "notJpeg",        "tooShort"};

class FaultSet {
 public:
  void add(FrameFault fault) { bits_ |= 1U << static_cast<unsigned>(fault); }
  bool has(FrameFault fault) const { return (bits_ >> static_cast<unsigned>(fault) & 1U) != 0; }
  bool isEmpty() const { return bits_ == 0; }
  bool operator==(const FaultSet&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

struct FrameVerdict {
  FrameQuality quality = FrameQuality::whole;
  FaultSet faults;
  /** Whether the target holds a frame worth showing. Of a damaged frame that needs most of its rows. */
  bool isShown = true;
};

/** A frame of which nothing can be shown. */
inline FrameVerdict unusable(FaultSet faults) { return {FrameQuality::damaged, faults, false}; }
inline FrameVerdict unusable(FrameFault fault) {
  FaultSet faults;
  faults.add(fault);
  return unusable(faults);
}

}  // namespace callnative
