// Converts between video range (Y 16 to 235, used by cameras and WebRTC) and full range (0 to 255, used by JPEG). Without
// the conversion, frames look washed out or too hard.
#pragma once

#include <cstddef>
#include <cstdint>

namespace callnative {

// Each function works in place when source and target are the same.
void expandLuma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);
void expandChroma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);
void compressLuma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);
void compressChroma(const std::uint8_t* source, std::uint8_t* target, std::size_t count);

/** Converts a whole I420 frame from full to video range, in place. */
void toVideoRange(std::uint8_t* frame, int width, int height);

}  // namespace callnative
