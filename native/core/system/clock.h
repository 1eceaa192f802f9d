// The two clocks of capture: Unix time for stamps, monotonic time for pacing and for the drivers' time stamps.
#pragma once

#include <cstdint>

namespace callnative {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/**
 * Unix time in microseconds as it was when this library was loaded, and monotonic from there: it does not jump when the
 * clock is set, so stamps can be subtracted. Node's performance.timeOrigin + performance.now() is the same clock.
 * clock_gettime(2).
 */
std::int64_t unixTimeUs();
/** CLOCK_MONOTONIC in nanoseconds, the clock of V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC. */
std::int64_t monotonicNs();

}  // namespace callnative
