// Which modes a V4L2 device offers. Which of them suits a wish is for mode-choice to say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/mode-choice.h"
#include "pixels/picture.h"

namespace callnative {

class V4l2Device;

/** The five formats that pixel-convert understands. */
bool isConvertible(std::uint32_t fourcc);
std::string fourccName(std::uint32_t fourcc);
std::uint32_t fourccOf(const std::string& name);

/** Every convertible mode, one for each format, size and rate. Where a device gives ranges instead of lists, the
 *  usual sizes and rates within them, and what is nearest to `wish`; where it lists no size, the one it would settle on. VIDIOC_ENUM_FMT, _FRAMESIZES, _FRAMEINTERVALS. */
std::vector<Mode> enumerateModes(const V4l2Device& device, const Wish* wish);

}  // namespace callnative
