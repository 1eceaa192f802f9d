// Fixed-point loops that the compiler turns into vector code. Factors are fractions of 65,536.
#include "pixels/colour-range.h"

#include <algorithm>

#include "pixels/frame.h"

namespace callnative {

namespace {

constexpr int kHalf = 1 << 15;

std::uint8_t clampByte(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

}  // namespace

void expandLuma(const std::uint8_t* source, std::uint8_t* target, std::size_t count) {
  // 255 / 219
  for (std::size_t i = 0; i < count; i++) target[i] = clampByte(((source[i] - 16) * 76309 + kHalf) >> 16);
}

void expandChroma(const std::uint8_t* source, std::uint8_t* target, std::size_t count) {
  // 255 / 224
  for (std::size_t i = 0; i < count; i++) target[i] = clampByte(128 + (((source[i] - 128) * 74606 + kHalf) >> 16));
}

void compressLuma(const std::uint8_t* source, std::uint8_t* target, std::size_t count) {
  // 219 / 255
  for (std::size_t i = 0; i < count; i++) target[i] = clampByte(16 + ((source[i] * 56284 + kHalf) >> 16));
}

void compressChroma(const std::uint8_t* source, std::uint8_t* target, std::size_t count) {
  // 224 / 255
  for (std::size_t i = 0; i < count; i++) target[i] = clampByte(128 + (((source[i] - 128) * 57569 + kHalf) >> 16));
}

void toVideoRange(std::uint8_t* frame, int width, int height) {
  const std::size_t luma = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  compressLuma(frame, frame, luma);
  compressChroma(frame + luma, frame + luma, i420Size(width, height) - luma);
}

}  // namespace callnative
