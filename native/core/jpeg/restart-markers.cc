// See restart-markers.h. ITU-T T.81, B.2.1: the markers count from 0 to 7 and begin again.
#include "jpeg/restart-markers.h"

#include <cstring>

namespace callnative {

namespace {

constexpr std::uint8_t kFirstRestart = 0xD0;
constexpr int kNumbers = 7;
constexpr int kMostInterval = 0xFFFF;
constexpr std::size_t kIntervalSegment = 6;
constexpr int kMostInserted = (kMostRestartBytes - kIntervalSegment) / 2;

/** The coded data that the functions below change. */
struct Scan {
  JpegLayout& layout;
  FaultSet& faults;
  std::uint8_t* out;
  std::size_t length;

  int markers() const { return static_cast<int>(layout.restarts.size()); }
};

/** Some encoders write a marker behind the last interval too. */
void dropLast(Scan& scan) {
  std::vector<std::size_t>& at = scan.layout.restarts;
  if (at.empty() || at.back() + 2 != scan.length) return;
  scan.length -= 2;
  at.pop_back();
}

/** Returns false when the number of markers does not tell the interval. */
bool insertInterval(Scan& scan, std::size_t scanHeader) {
  JpegLayout& layout = scan.layout;
  const int mcus = layout.mcusPerRow * layout.mcuRows;
  const int intervals = scan.markers() + 1;
  // A cut frame has fewer markers than it should.
  if (!layout.hasEnd || mcus % intervals != 0 || mcus / intervals > kMostInterval) return false;
  const int interval = layout.restartInterval = mcus / intervals;
  std::uint8_t* segment = scan.out + scanHeader;
  std::memmove(segment + kIntervalSegment, segment, scan.length - scanHeader);
  const std::uint8_t bytes[] = {0xFF, 0xDD, 0, 4, static_cast<std::uint8_t>(interval >> 8), static_cast<std::uint8_t>(interval)};
  std::memcpy(segment, bytes, kIntervalSegment);
  scan.length += kIntervalSegment;
  for (std::size_t& at : layout.restarts) at += kIntervalSegment;
  scan.faults.add(FrameFault::restartInterval);
  return true;
}

/** Counts before each marker how many intervals its number skips. Returns the sum, or 0 when that exceeds `missing`. */
int findGaps(Scan& scan, int missing) {
  JpegLayout& layout = scan.layout;
  layout.gaps.clear();
  int interval = 0;
  int sum = 0;
  for (const std::size_t at : layout.restarts) {
    const int gap = (scan.out[at + 1] - interval) & kNumbers;
    sum += gap;
    if (sum > missing || sum > kMostInserted) {
      // The numbers mean nothing.
      layout.merged.clear();
      return 0;
    }
    if (gap > 0) layout.merged.push_back(interval);
    layout.gaps.push_back(gap);
    interval += gap + 1;
  }
  return sum;
}

/** Makes the lost intervals empty ones, from the end to the start. */
void fillGaps(Scan& scan, int sum) {
  std::vector<std::size_t>& at = scan.layout.restarts;
  std::size_t shift = 2 * static_cast<std::size_t>(sum);
  std::size_t end = scan.length;
  std::size_t marker = at.size();
  std::size_t target = marker + static_cast<std::size_t>(sum);
  scan.length += shift;
  at.resize(target);
  while (marker-- > 0) {
    const std::size_t from = at[marker];
    std::memmove(scan.out + from + shift, scan.out + from, end - from);
    end = from;
    for (int gap = scan.layout.gaps[marker]; gap >= 0; gap--) {
      at[--target] = from + shift;
      scan.out[from + shift] = 0xFF;
      if (gap > 0) shift -= 2;
    }
  }
  scan.faults.add(FrameFault::lostPart);
}

void number(Scan& scan) {
  int next = 0;
  for (const std::size_t at : scan.layout.restarts) {
    const auto code = static_cast<std::uint8_t>(kFirstRestart + next);
    if (scan.out[at + 1] != code && !scan.faults.has(FrameFault::lostPart)) scan.faults.add(FrameFault::restartNumbers);
    scan.out[at + 1] = code;
    next = (next + 1) & kNumbers;
  }
}

}  // namespace

std::size_t orderRestarts(JpegLayout& layout, FaultSet& faults, std::span<std::uint8_t> out, std::size_t scanHeader,
                          std::size_t length) {
  Scan scan{layout, faults, out.data(), length};
  dropLast(scan);
  if (layout.restartInterval == 0 && (layout.restarts.empty() || !insertInterval(scan, scanHeader))) return scan.length;
  const int mcus = layout.mcusPerRow * layout.mcuRows;
  const int missing = (mcus + layout.restartInterval - 1) / layout.restartInterval - 1 - scan.markers();
  const int sum = missing > 0 ? findGaps(scan, missing) : 0;
  if (sum > 0) fillGaps(scan, sum);
  number(scan);
  return scan.length;
}

}  // namespace callnative
