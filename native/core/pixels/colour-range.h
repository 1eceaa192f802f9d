// Between video range (Y 16 to 235, what cameras and WebRTC use) and full range (0 to 255, what JPEG means).
// Without this step pictures look washed out or too hard.
#pragma once

#include <cstddef>
#include <cstdint>

namespace callnative {

// Each works in place when source and target are the same.
void expandLuma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);
void expandChroma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);
void compressLuma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);
void compressChroma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);

/** A whole I420 picture from full to video range, in place. */
void compressPicture(std::uint8_t* picture, int width, int height);

}  // namespace callnative
