// Puts the restart markers of a scan in sequence, and makes room for lost intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pixels/frame-verdict.h"

namespace callnative {

/** What a decoder needs to know to tell which rows a fault concerns. */
struct JpegLayout {
  /** An MCU has the blocks of all components that are coded together: ITU-T T.81, A.2. */
  int mcusPerRow = 0;
  int mcuRows = 0;
  /** MCUs between two restart markers; 0 without restart markers. */
  int restartInterval = 0;
  /** All components in one scan, coded sequentially. Otherwise the rest of this is unknown. */
  bool isOneScan = false;
  /** The camera sent the end marker itself. */
  bool hasEnd = false;
  /** Offsets of the restart markers, ascending. */
  std::vector<std::size_t> restarts;
  /** Intervals whose data runs into that of a later one. */
  std::vector<int> merged;
  /** Scratch: the intervals that are missing before each marker. */
  std::vector<int> gaps;
};

/** The most bytes that orderRestarts() adds. */
constexpr std::size_t kMostRestartBytes = 4096;

/**
 * A decoder stops at a marker out of sequence. So lost intervals become empty ones, which keeps the rows below in their
 * place, markers are numbered again, and a missing DRI segment is inserted where the number of markers tells the interval.
 * `out` holds `length` bytes and room for kMostRestartBytes more. Returns the new length.
 */
std::size_t orderRestarts(JpegLayout& layout, FaultSet& faults, std::span<std::uint8_t> out, std::size_t scanHeader,
                          std::size_t length);

}  // namespace callnative
