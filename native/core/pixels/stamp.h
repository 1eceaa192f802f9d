// The machine-readable time stamp of the test pattern. native/README.md describes its layout.
#pragma once

#include <cstdint>
#include <optional>

namespace callnative {

struct Stamp {
  /** Unix time in units of 100 µs, modulo 2^32. */
  std::uint32_t ticks;
  /** Number of the frame, modulo 2^16. */
  std::uint16_t sequence;
};

/** Narrower cells than this do not survive lossy coding. */
constexpr int kStampMinWidth = 64;
constexpr int kStampMinHeight = 32;

/** CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected. */
std::uint16_t crc16(const std::uint8_t* data, int length);

/** Writes over the top eighth of an I420 frame. */
void writeStamp(std::uint8_t* frame, int width, int height, Stamp stamp);

/** Empty when the frame is too small or its stamp is missing or damaged. */
std::optional<Stamp> readStamp(const std::uint8_t* frame, int width, int height);

}  // namespace callnative
