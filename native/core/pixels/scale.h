// Scales an I420 frame.
#pragma once

#include <cstdint>

namespace callnative {

/** Both frames are I420 without padding. `target` holds i420Size(targetWidth, targetHeight) bytes. Returns false when
 *  libyuv refuses the sizes. */
bool scaleI420(const std::uint8_t* source, int width, int height, std::uint8_t* target, int targetWidth,
               int targetHeight);

}  // namespace callnative
