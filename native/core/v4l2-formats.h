// Which modes a V4L2 device offers, and which one suits a wish. The choice is arithmetic alone, so it is tested
// without a device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "picture.h"

namespace callnative {

class V4l2Device;

/** The five formats that pixel-convert understands. */
bool isConvertible(std::uint32_t fourcc);
std::string fourccName(std::uint32_t fourcc);
std::uint32_t fourccOf(const std::string& name);

/** Every convertible mode, one for each format, size and rate. Where a device gives ranges instead of lists, the
 *  usual sizes and rates within them, and what is nearest to `wish`. VIDIOC_ENUM_FMT, _FRAMESIZES, _FRAMEINTERVALS. */
std::vector<Mode> enumerateModes(const V4l2Device& device, const Wish* wish);

/** The mode that costs least. A rate below the wish costs log2 of the ratio, by 1.5, since a jerky picture is worse
 *  than a small one; a smaller picture costs log2 of the ratio of areas, a larger one (in either direction) twice
 *  that and a little more. Of equal cost wins the rate nearest to the wish, then a raw format before MJPG. */
std::optional<Mode> chooseMode(const std::vector<Mode>& modes, const Wish& wish);

}  // namespace callnative
