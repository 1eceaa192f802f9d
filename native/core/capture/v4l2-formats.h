// Lists the modes that a V4L2 device offers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/mode-choice.h"
#include "pixels/frame.h"

namespace callnative {

class V4l2Device;

/** The five formats that pixel-convert understands. */
bool isConvertible(std::uint32_t fourcc);
std::string fourccName(std::uint32_t fourcc);
std::uint32_t fourccOf(const std::string& name);

/** Every convertible mode, one for each format, size and rate. Where a device gives ranges, these are the usual sizes and
 *  rates within them, and the nearest to `constraints`. Where it lists no size, this is the size that it would choose.
 *  VIDIOC_ENUM_FMT, _FRAMESIZES, _FRAMEINTERVALS. */
std::vector<Mode> enumerateModes(const V4l2Device& device, const CaptureConstraints* constraints);

}  // namespace callnative
