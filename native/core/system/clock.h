// The two clocks of capture: Unix time for stamps, monotonic time for pacing and for the drivers' time stamps.
#pragma once

#include <cstdint>

namespace callnative {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/** CLOCK_REALTIME in microseconds; may jump when the clock is set. clock_gettime(2). */
std::int64_t unixTimeUs();
/** CLOCK_MONOTONIC in nanoseconds, the clock of V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC. */
std::int64_t monotonicNs();

}  // namespace callnative
