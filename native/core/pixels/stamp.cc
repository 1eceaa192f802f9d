// Two rows of 32 cells, most significant bit first.
#include "pixels/stamp.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "pixels/frame.h"

namespace callnative {

namespace {

constexpr int kCells = 32;
constexpr std::uint8_t kWhite = 235;
constexpr std::uint8_t kBlack = 16;
constexpr std::uint8_t kNeutral = 128;
constexpr int kThreshold = (kWhite + kBlack) / 2;
/** Samples along each side of a cell. 16 samples average out coding noise and cost next to nothing. */
constexpr int kSamples = 4;

int cellEdge(int cell, int width) { return cell * width / kCells; }

std::uint16_t checksum(Stamp stamp) {
  const std::array<std::uint8_t, 6> bytes = {
      static_cast<std::uint8_t>(stamp.ticks >> 24), static_cast<std::uint8_t>(stamp.ticks >> 16),
      static_cast<std::uint8_t>(stamp.ticks >> 8),  static_cast<std::uint8_t>(stamp.ticks),
      static_cast<std::uint8_t>(stamp.sequence >> 8), static_cast<std::uint8_t>(stamp.sequence)};
  return crc16(bytes.data(), static_cast<int>(bytes.size()));
}

void writeRow(std::uint8_t* luma, int width, int top, int bottom, std::uint32_t bits) {
  std::uint8_t* first = luma + static_cast<std::ptrdiff_t>(top) * width;
  for (int cell = 0; cell < kCells; cell++) {
    const bool one = (bits >> (kCells - 1 - cell)) & 1U;
    std::fill(first + cellEdge(cell, width), first + cellEdge(cell + 1, width), one ? kWhite : kBlack);
  }
  for (int y = top + 1; y < bottom; y++) {
    std::memcpy(luma + static_cast<std::ptrdiff_t>(y) * width, first, static_cast<std::size_t>(width));
  }
}

int cellMean(const std::uint8_t* luma, int width, int left, int right, int top, int bottom) {
  int sum = 0;
  for (int j = 0; j < kSamples; j++) {
    // The central half: from a quarter to three quarters of the cell.
    const int y = top + (bottom - top) * (2 * kSamples + 4 * j + 2) / (8 * kSamples);
    for (int i = 0; i < kSamples; i++) {
      const int x = left + (right - left) * (2 * kSamples + 4 * i + 2) / (8 * kSamples);
      sum += luma[static_cast<std::ptrdiff_t>(y) * width + x];
    }
  }
  return sum / (kSamples * kSamples);
}

std::uint32_t readRow(const std::uint8_t* luma, int width, int top, int bottom) {
  std::uint32_t bits = 0;
  for (int cell = 0; cell < kCells; cell++) {
    const int mean = cellMean(luma, width, cellEdge(cell, width), cellEdge(cell + 1, width), top, bottom);
    bits = (bits << 1) | (mean > kThreshold ? 1U : 0U);
  }
  return bits;
}

}  // namespace

std::uint16_t crc16(const std::uint8_t* data, int length) {
  std::uint32_t crc = 0xFFFF;
  for (int i = 0; i < length; i++) {
    crc ^= static_cast<std::uint32_t>(data[i]) << 8;
    for (int bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return static_cast<std::uint16_t>(crc);
}

void writeStamp(std::uint8_t* frame, int width, int height, Stamp stamp) {
  const I420Planes<std::uint8_t> planes(frame, width, height);
  const std::uint32_t second = (static_cast<std::uint32_t>(stamp.sequence) << 16) | checksum(stamp);
  writeRow(planes.y, width, 0, height / 16, stamp.ticks);
  writeRow(planes.y, width, height / 16, height / 8, second);
  const std::size_t chroma =
      static_cast<std::size_t>(planes.chromaStride) * static_cast<std::size_t>(chromaSize(height / 8));
  std::memset(planes.u, kNeutral, chroma);
  std::memset(planes.v, kNeutral, chroma);
}

std::optional<Stamp> readStamp(const std::uint8_t* frame, int width, int height) {
  if (width < kStampMinWidth || height < kStampMinHeight) return std::nullopt;
  const std::uint32_t ticks = readRow(frame, width, 0, height / 16);
  const std::uint32_t second = readRow(frame, width, height / 16, height / 8);
  const Stamp stamp{ticks, static_cast<std::uint16_t>(second >> 16)};
  if (checksum(stamp) != static_cast<std::uint16_t>(second)) return std::nullopt;
  return stamp;
}

}  // namespace callnative
