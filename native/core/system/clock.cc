// clock_gettime(2), which needs no system call for these two clocks.
#include "system/clock.h"

#include <ctime>

namespace callnative {

namespace {

std::int64_t nowNs(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

/** Unix time at the zero of the monotonic clock, read while the library loads. */
const std::int64_t kMonotonicZeroNs = nowNs(CLOCK_REALTIME) - nowNs(CLOCK_MONOTONIC);

}  // namespace

std::int64_t unixTimeUs() { return (kMonotonicZeroNs + monotonicNs()) / 1000; }

std::int64_t monotonicNs() { return nowNs(CLOCK_MONOTONIC); }

}  // namespace callnative
