// The two clocks of capture: Unix time for stamps, monotonic time for pacing and for the drivers' time stamps.
#pragma once

#include <cstdint>

namespace callnative {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t unixTimeUs();
std::int64_t monotonicNs();

}  // namespace callnative
